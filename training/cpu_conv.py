"""On a CPU, the weight gradients of convolutions in float32: oneDNN's bfloat16 ones take up to 8 ms per image for small maps."""
import torch
import torch.nn as nn

backward = torch.ops.aten.convolution_backward


class Conv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        x, weight = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        ctx.args, ctx.bias = (stride, padding, [1, 1], False, [0, 0], 1), bias is not None
        return torch.ops.aten.convolution(x, weight, None if bias is None else bias.bfloat16(), *ctx.args)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        grad, need = grad.bfloat16(), ctx.needs_input_grad
        to_x = backward(grad, x, weight, None, *ctx.args, [True, False, False])[0] if need[0] else None
        to_weight = backward(grad.float(), x.float(), weight.float(), None, *ctx.args, [False, True, False])[1] if need[1] else None
        to_bias = grad.sum((0, 2, 3), dtype=torch.float32) if ctx.bias and need[2] else None
        return to_x, to_weight, to_bias, None, None


def forward(self, x):
    if x.device.type == "cpu" and torch.is_autocast_enabled("cpu") and torch.is_grad_enabled():
        return Conv.apply(x, self.weight, self.bias, list(self.stride), list(self.padding))
    return self._conv_forward(x, self.weight, self.bias)


def install():
    nn.Conv2d.forward = forward
