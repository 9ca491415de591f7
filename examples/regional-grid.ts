// npx tsx examples/regional-grid.ts: draws the inputs of regional sampling as
// docs/images/regional-grid.png for docs/regional.md.
import { drawGrid, type GridRow } from './grid.ts';

const file = 'three-regions.json';
const REGIONS = ['Left', 'Middle', 'Right'];
const row = (label: string, cells: GridRow['cells']): GridRow => ({ file, label, cells });
const sampler = (name: string) =>
  Object.fromEntries(REGIONS.map((region) => [`${region} Sampler.sampler_name`, name]));
const sde = sampler('dpmpp_2m_sde');

await drawGrid(
  'regional-grid.png',
  [
    row(
      'overlap_factor',
      [0, 4, 16].map((value) => [String(value), { 'Regional Sampler.overlap_factor': value }]),
    ),
    row(
      'additional_mode',
      ['DISABLE', 'ratio between', 'ratio additional'].map((value) => [
        `${value} (dpmpp_2m_sde)`,
        { ...sde, 'Regional Sampler.additional_mode': value },
      ]),
    ),
    row(
      'end_at_step',
      [5, 10, 20].map((value) => [`${value} of 20`, { 'Regional Sampler.end_at_step': value }]),
    ),
  ],
  { width: 256, height: 85 },
);
