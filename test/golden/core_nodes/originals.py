# ComfyUI's own node classes, without its server: modules that pictures don't need are stood in for.
# load(COMFYUI_FOLDER) -> run(module, node type, inputs) -> list of outputs
import importlib, sys, types

class Stand(types.ModuleType):
    __path__ = []
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__class_getitem__": classmethod(lambda cls, _: cls), "__getattr__": lambda self, _: (lambda *a, **k: None)})
        setattr(self, name, made)
        return made

class Finder:
    names = ("av", "aiohttp", "torchaudio", "torchvision", "alembic", "sqlalchemy", "server", "comfy_api_nodes", "app.user_manager")
    def find_spec(self, name, path=None, target=None):
        if name in self.names or name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        return Stand(spec.name)
    def exec_module(self, module):
        pass

def load(folder):
    sys.argv = ["x", "--cpu"]
    sys.path.insert(0, folder)
    sys.meta_path.insert(0, Finder())
    import comfy.options
    comfy.options.enable_args_parsing()
    import torch
    torch.set_grad_enabled(False)

    def run(module, type, inputs):
        found = importlib.import_module(module)
        if hasattr(found, "NODE_CLASS_MAPPINGS") and type in found.NODE_CLASS_MAPPINGS:
            node = found.NODE_CLASS_MAPPINGS[type]
            result = getattr(node(), node.FUNCTION)(**inputs)
            return list(result)
        for name in dir(found):
            node = getattr(found, name)
            if hasattr(node, "define_schema") and node.__module__ == module and node.define_schema().node_id == type:
                result = node.execute(**inputs)
                return list(result.args if hasattr(result, "args") else result)
        raise KeyError(type)
    return run
