# Single functions and classes of two ComfyUI source trees, run without the rest of either.
# python make_….py FOLDER_OF_0.3.64 FOLDER_OF_0.33.0
import ast, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
FOLDERS = dict(zip(("0.3.64", "0.33.0"), sys.argv[1:3]))
OLD, NEW = FOLDERS

def take(version, path, env, *names):
    """Defines top-level names of a file, and methods (`Class.method`, as `Class_method`), in `env`; returns it."""
    with open(os.path.join(FOLDERS[version], path)) as f:
        tree = ast.parse(f.read())
    found = set()
    def define(node, name):
        if not isinstance(node, ast.ClassDef):
            node.decorator_list = []
        module = ast.Module([ast.ImportFrom("__future__", [ast.alias("annotations")], 0), node], [])
        exec(compile(ast.fix_missing_locations(module), path, "exec"), env)
        found.add(name)
    for node in tree.body:
        name = getattr(node, "name", None) or getattr(getattr(node, "targets", [None])[0], "id", None)
        if name in names:
            if isinstance(node, ast.Assign):
                exec(compile(ast.Module([node], []), path, "exec"), env)
                found.add(name)
            else:
                define(node, name)
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if f"{node.name}.{getattr(method, 'name', None)}" in names:
                    name = f"{node.name}.{method.name}"
                    method.name = f"{node.name}_{method.name}"
                    define(method, name)
    assert found == set(names), (version, path, set(names) - found)
    return env

def outcome(f):
    """What a function returns, or the error that it raises."""
    try:
        return f()
    except Exception as e:
        return {"error": f"{type(e).__name__}: {e}"}
