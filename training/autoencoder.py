"""The autoencoder, in the layout of TAESD (github.com/madebyollin/taesd): a state_dict is the checkpoint's first_stage_model part."""
import torch
import torch.nn as nn
import torch.nn.functional as F

SCALE_FACTOR = 0.13025  # of SDXL's latent format


def conv3(i, o, **kw):
    return nn.Conv2d(i, o, 3, padding=1, **kw)


class AEBlock(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv = nn.Sequential(conv3(i, o), nn.ReLU(), conv3(o, o), nn.ReLU(), conv3(o, o))
        self.off = False  # with its last convolution at zero, a block can be skipped: same result, less work

    def rest(self):
        """Switches the block off (zero weights, so that other engines compute the same image)."""
        self.off = True
        self.conv[4].weight.data.zero_()
        self.conv[4].bias.data.zero_()
        self.conv.requires_grad_(False)

    def forward(self, x):
        if self.off:
            return F.relu(x)
        return F.relu(self.conv(x) + x)


class Squash(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


class AutoEncoder(nn.Module):
    """Images are 0..1; latents are in UNet space (about unit variance)."""

    def __init__(self, ch=64, latent=4):
        super().__init__()
        blocks = lambda n: [AEBlock(ch, ch) for _ in range(n)]
        down = lambda: [conv3(ch, ch, stride=2, bias=False)] + blocks(3)
        up = lambda n: [nn.Upsample(scale_factor=2), conv3(ch, ch, bias=False)] + blocks(n)
        self.taesd_encoder = nn.Sequential(conv3(3, ch), *blocks(1), *down(), *down(), *down(), conv3(ch, latent))
        self.taesd_decoder = nn.Sequential(Squash(), conv3(latent, ch), nn.ReLU(), *blocks(3), *up(3), *up(3), *up(1), conv3(ch, 3))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
        for m in self.modules():
            if isinstance(m, AEBlock):
                m.conv[4].weight.data.mul_(0.1)
        for seq in (self.taesd_encoder, self.taesd_decoder):
            seq[-1].weight.data.mul_(0.5)
        nn.init.constant_(self.taesd_decoder[-1].bias, 0.5)
        # the engine feeds (latent/SCALE_FACTOR - vae_shift) * vae_scale to the decoder: with these it receives UNet space
        self.vae_scale = nn.Parameter(torch.tensor(SCALE_FACTOR), requires_grad=False)
        self.vae_shift = nn.Parameter(torch.tensor(0.0), requires_grad=False)

    def blocks(self):
        """All blocks with their resolution relative to the image: [(block, 1 | 2 | 4 | 8, is_decoder, nth)]."""
        found = []
        for decoder, seq, scale in ((False, self.taesd_encoder, 1), (True, self.taesd_decoder, 8)):
            nth = 0
            for m in seq:
                if isinstance(m, nn.Upsample):
                    scale, nth = scale // 2, 0
                elif isinstance(m, nn.Conv2d) and m.stride[0] == 2:
                    scale, nth = scale * 2, 0
                elif isinstance(m, AEBlock):
                    found.append((m, scale, decoder, nth))
                    nth += 1
        return found

    def lighten(self):
        """Switches the costly blocks off: they do not pay off on a CPU-only training budget. A GPU run can train them later."""
        keep = {(False, 1): 0, (False, 2): 1, (False, 4): 2, (False, 8): 2, (True, 8): 3, (True, 4): 2, (True, 2): 1, (True, 1): 0}
        for block, scale, decoder, nth in self.blocks():
            if nth >= keep[decoder, scale]:
                block.rest()
        return self

    def find_resting(self):
        """After loading: switches off the blocks whose last convolution is zero."""
        for block, *_ in self.blocks():
            if not block.conv[4].weight.any() and not block.conv[4].bias.any():
                block.rest()
        return self

    def encode(self, image):
        return self.taesd_encoder(image)

    def decode(self, latent):
        return self.taesd_decoder(latent)
