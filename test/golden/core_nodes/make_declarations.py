# Makes declarations.json.gz: every node of ComfyUI itself in the releases 0.3.64 and 0.33.0, as its /object_info lists it, without tooltips; of
# the nodes that call online services, the names. pip install torch av; python make_declarations.py COMFYUI_0.3.64 COMFYUI_0.33.0
import asyncio, ctypes, gzip, json, os, re, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
INFO = ("category", "display_name", "output", "output_name", "output_is_list", "output_node", "deprecated", "experimental")

def plain(value):
    """Without tooltips, and with enums as their values."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items() if key != "tooltip"}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else getattr(value, "value", value)

def of_class(type, node, shown):
    if hasattr(node, "GET_NODE_INFO_V1"):
        return node.GET_NODE_INFO_V1()
    return {
        "input": node.INPUT_TYPES(), "category": getattr(node, "CATEGORY", "sd"), "display_name": shown.get(type, type), "output": node.RETURN_TYPES,
        "output_name": getattr(node, "RETURN_NAMES", node.RETURN_TYPES),
        "output_is_list": getattr(node, "OUTPUT_IS_LIST", [False] * len(node.RETURN_TYPES)), "output_node": getattr(node, "OUTPUT_NODE", False),
        "deprecated": getattr(node, "DEPRECATED", False), "experimental": getattr(node, "EXPERIMENTAL", False),
    }

def declarations(folder):
    from originals import Finder, load
    Finder.names = (*(name for name in Finder.names if name != "av"), "kornia", "OpenGL", "comfy_angle")
    load(folder)
    import nodes
    ctypes.CDLL = lambda *_, **__: None  # the libraries of the shader node
    asyncio.run(nodes.init_extra_nodes(init_custom_nodes=False, init_api_nodes=False))
    asyncio.run(nodes.load_custom_node(os.path.join(folder, "custom_nodes", "websocket_image_save.py")))
    found = {}
    for type, node in nodes.NODE_CLASS_MAPPINGS.items():
        info = of_class(type, node, nodes.NODE_DISPLAY_NAME_MAPPINGS)
        found[type] = {"input": plain(info["input"]), **{key: plain(info[key]) for key in INFO if info.get(key) or key == "output"}}
    return found

def online(folder):
    texts = [open(os.path.join(folder, "comfy_api_nodes", name)).read() for name in os.listdir(os.path.join(folder, "comfy_api_nodes")) if name.startswith("nodes_")]
    return sorted({type for text in texts for type in re.findall(r'node_id="([^"]+)"', text) + re.findall(r'^    "(\w+)": [A-Z]\w+,$', text, re.M)})

if sys.argv[1] == "--one":
    folder = sys.argv[2]
    print("\n" + json.dumps({"nodes": declarations(folder), "online": online(folder)}))
else:
    releases = {}
    for version, folder in zip(("0.3.64", "0.33.0"), sys.argv[1:]):
        printed = subprocess.run([sys.executable, __file__, "--one", folder], stdout=subprocess.PIPE, text=True, check=True, cwd=here).stdout
        releases[version] = json.loads(printed.splitlines()[-1])
        print(version, len(releases[version]["nodes"]), "nodes,", len(releases[version]["online"]), "online")
    with gzip.GzipFile(os.path.join(here, "declarations.json.gz"), "wb", 9, mtime=0) as f:
        f.write(json.dumps(releases).encode())
