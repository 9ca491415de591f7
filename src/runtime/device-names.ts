// The names of devices; devices.ts opens them.
import { didYouMean } from '../near-matches.ts';
import { ownValue } from '../own-value.ts';

export type DeviceName = 'cpu' | 'cuda' | 'webgpu';

/** `auto`: CUDA where it works, else the CPU. */
export type DeviceChoice = DeviceName | 'auto';

export const DEVICE_CHOICES: readonly DeviceChoice[] = ['auto', 'cpu', 'cuda', 'webgpu'];

export const isDeviceChoice = (name: string): name is DeviceChoice =>
  (DEVICE_CHOICES as readonly string[]).includes(name);

/** What to say to names that other programs use for devices. */
const SYNONYMS: Readonly<Record<string, string>> = {
  gpu: "Use 'cuda' for NVIDIA cards, 'webgpu' for others.",
  nvidia: "Use 'cuda'.",
  'cuda:0': "Use 'cuda'; CUDA_VISIBLE_DEVICES selects one of several cards.",
  amd: "Use 'webgpu'.",
  rocm: "Use 'webgpu'.",
  mps: "Use 'webgpu'.",
  metal: "Use 'webgpu'.",
  vulkan: "Use 'webgpu'.",
  directml: "Use 'webgpu'.",
  dml: "Use 'webgpu'.",
  intel: "Use 'webgpu', or 'cpu'.",
};

/** What an unknown name of a device may mean; empty if nothing is near. */
export const deviceHint = (name: string): string =>
  ownValue(SYNONYMS, name.toLowerCase()) ?? didYouMean(name, DEVICE_CHOICES);
