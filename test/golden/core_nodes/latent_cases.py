# Cases of latent nodes: a latent is a dict; `samples`, `noise_mask` and `batch_index` of each are kept by name.
import torch

class Cases:
    def __init__(self, run):
        self.run, self.tensors, self.cases, self.kept = run, {}, [], {}

    def keep(self, value):
        name = next((n for n, t in self.kept.items() if t.shape == value.shape and torch.equal(t, value)), f"in/{len(self.kept)}")
        self.kept[name] = self.tensors[name] = value.clone().contiguous()
        return name

    def case(self, module, type, **inputs):
        id = f"{len(self.cases)} {type}"
        named, params = {}, {"node": type}
        for key, value in inputs.items():
            many = value if isinstance(value, list) and isinstance(value[0], dict) else None
            for j, one in enumerate(many or [value]):
                at = f"{key}.{j}" if many else key
                if isinstance(one, dict):
                    for part, v in one.items():
                        if torch.is_tensor(v): named[f"{at}/{part}"] = self.keep(v)
                        else: params[f"{at}/{part}"] = v
                elif torch.is_tensor(one): named[at] = self.keep(one)
                else:
                    params[at] = one
        try:
            [result] = self.run(module, type, inputs)
        except Exception as error:
            print(id, "raises", error)
            self.cases.append({"id": id, "params": params, "inputs": named, "outputs": {}, "note": f"raises {error.__class__.__name__}"})
            return
        outputs, scalars = {}, {}
        for j, one in enumerate(result if isinstance(result, list) else [result]):
            at = f"out.{j}" if isinstance(result, list) else "out"
            for part, v in one.items():
                if torch.is_tensor(v):
                    self.tensors[f"{id}/{at}/{part}"] = v.float().clone().contiguous()
                    outputs[f"{at}/{part}"] = f"{id}/{at}/{part}"
                else:
                    scalars[f"{at}/{part}"] = v
        self.cases.append({"id": id, "params": params, "inputs": named, "outputs": outputs, "scalars": scalars})
