// The names of devices; devices.ts opens them.
export type DeviceName = 'cpu' | 'cuda' | 'webgpu';

/** `auto`: CUDA where it works, else the CPU. */
export type DeviceChoice = DeviceName | 'auto';

export const DEVICE_CHOICES: readonly DeviceChoice[] = ['auto', 'cpu', 'cuda', 'webgpu'];

export const isDeviceChoice = (name: string): name is DeviceChoice =>
  (DEVICE_CHOICES as readonly string[]).includes(name);
