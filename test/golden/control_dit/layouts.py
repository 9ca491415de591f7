# Tensor shapes of the ControlNets of SD3 and SD3.5 in their published layouts.

def linear(name, out, width):
    return {f"{name}.weight": (out, width), f"{name}.bias": (out,)}

def embedders(width, adm, channels):
    return {
        **linear("time_text_embed.timestep_embedder.linear_1", width, 256),
        **linear("time_text_embed.timestep_embedder.linear_2", width, width),
        **linear("time_text_embed.text_embedder.linear_1", width, adm),
        **linear("time_text_embed.text_embedder.linear_2", width, width),
        "pos_embed_input.proj.weight": (width, channels, 2, 2), "pos_embed_input.proj.bias": (width,),
    }

def diffusers(width, blocks, channels=16, qk=False, table=0):
    """diffusers' SD3ControlNetModel."""
    out = {**embedders(width, 64, channels), **linear("context_embedder", width, 80),
           "pos_embed.proj.weight": (width, 16, 2, 2), "pos_embed.proj.bias": (width,)}
    if table:
        out["pos_embed.pos_embed"] = (1, table ** 2, width)
    for i in range(blocks):
        b = f"transformer_blocks.{i}"
        for name in ["to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"]:
            out.update(linear(f"{b}.attn.{name}", width, width))
        for name in ["norm_q", "norm_k", "norm_added_q", "norm_added_k"] if qk else []:
            out[f"{b}.attn.{name}.weight"] = (64,)
        for end in ["", "_context"]:
            out.update(linear(f"{b}.norm1{end}.linear", 6 * width, width))
            out.update(linear(f"{b}.ff{end}.net.0.proj", 4 * width, width))
            out.update(linear(f"{b}.ff{end}.net.2", width, 4 * width))
        out.update(linear(f"controlnet_blocks.{i}", width, width))
    return out

def stability(width, blocks, double):
    """Stability's ControlNets of SD3.5; `double`: those of the large model."""
    out = embedders(width, width if double else 64, 16)
    if double:
        out.update({"pos_embed.proj.weight": (width, 16, 2, 2), "pos_embed.proj.bias": (width,)})
    for i in range(blocks):
        b = f"transformer_blocks.{i}"
        out.update(linear(f"{b}.adaLN_modulation.1", 6 * width, width))
        out.update(linear(f"{b}.attn.qkv", 3 * width, width))
        out.update(linear(f"{b}.attn.proj", width, width))
        out.update(linear(f"{b}.mlp.fc1", 4 * width, width))
        out.update(linear(f"{b}.mlp.fc2", width, 4 * width))
        out.update(linear(f"controlnet_blocks.{i}", width, width))
    return out

def small_embedder(embedder):
    """dit_embedder.ControlNetEmbedder for the small models, whose pooled prompt is narrower than ComfyUI's constant."""
    class SmallEmbedder(embedder):
        def __init__(self, **options):
            super().__init__(**{**options, "adm_in_channels": 64})
    return SmallEmbedder
