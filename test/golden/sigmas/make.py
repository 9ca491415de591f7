# Makes ksampler.json.gz and ksampler.safetensors.gz: the sigmas of every scheduler of KSampler for 1 to 150 steps, as bit patterns, by the model
# samplings and schedulers of ComfyUI 0.33.0 (PyTorch 2.13 on x86-64 with AVX-512, not by Intel; the files of 0.3.64 are the same). Lists of a few
# numbers of steps are there in full, of the others the first 8 digits of their SHA-256. python make.py COMFYUI_0.33.0
import hashlib, os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(here), "core_nodes"), os.path.dirname(here)]
from originals import load
load(sys.argv[1])
import torch
import comfy.model_sampling as ms
from comfy.samplers import SCHEDULER_NAMES, calculate_sigmas
from seeded import write

torch.set_num_threads(1)
SHOWN = [1, 8, 20, 33, 50]

def flow(shift):
    sampling = ms.ModelSamplingDiscreteFlow()
    sampling.set_parameters(shift=shift)
    return sampling

def flux(shift):
    sampling = ms.ModelSamplingFlux()
    sampling.set_parameters(shift=shift)
    return sampling

SAMPLINGS = {"eps": ms.ModelSamplingDiscrete(), "v_zsnr": ms.ModelSamplingDiscrete(zsnr=True)}
SAMPLINGS.update({f"flow_{shift}": flow(shift) for shift in (1.0, 1.15, 3.0, 6.0)})
SAMPLINGS.update({f"flux_{shift}": flux(shift) for shift in (0.5, 1.15, 2.02)})

tensors, cases = {}, []
for kind, sampling in SAMPLINGS.items():
    tensors[f"{kind}/table"] = sampling.sigmas.contiguous().view(torch.int32)
    for scheduler in SCHEDULER_NAMES:
        id, hashes, outputs = f"{kind}/{scheduler}", [], {}
        for steps in range(1, 151):
            bits = calculate_sigmas(sampling, scheduler, steps).contiguous().view(torch.int32)
            hashes.append(hashlib.sha256(bits.numpy().tobytes()).hexdigest()[:8])
            if steps in SHOWN:
                outputs[str(steps)] = f"{id}/{steps}"
                tensors[f"{id}/{steps}"] = bits
        cases.append({"id": id, "params": {"kind": kind, "scheduler": scheduler, "hashes": hashes}, "inputs": {}, "outputs": {**outputs, "table": f"{kind}/table"}})
write(here, "ksampler", cases, tensors)
