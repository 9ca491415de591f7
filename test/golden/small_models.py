# The small fixture models in ComfyUI's own classes, which do not recognise their sizes by themselves. Import them once ComfyUI is on the path.
import gzip, os
from safetensors.torch import load

def unet_patcher(fixtures, name="tiny_sd1", family="SD15"):
    """A ModelPatcher over the UNet of a fixture, in float32 on the CPU."""
    import torch
    import comfy.model_detection, comfy.model_patcher, comfy.supported_models
    prefix, cpu = "model.diffusion_model.", torch.device("cpu")
    tensors = load(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read())
    config = getattr(comfy.supported_models, family)(comfy.model_detection.detect_unet_config(tensors, prefix))
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model(tensors, prefix, device=cpu)
    model.load_model_weights(tensors, prefix)
    return comfy.model_patcher.ModelPatcher(model, cpu, cpu)

def transformer(fixtures, name):
    """The model of a fixture of a diffusion transformer, in float32 on the CPU."""
    import torch
    import comfy.model_detection
    sd = {k: v.float() for k, v in load(gzip.open(os.path.join(fixtures, f"{name}.safetensors.gz")).read()).items()}
    config = comfy.model_detection.model_config_from_unet(sd, "")
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model(sd, "")
    model.load_model_weights(sd, "")
    return model
