// The labels of detectors that the Impact Pack offers: parts of faces, clothes of DeepFashion2, and
// the classes of COCO.

// biome-ignore format: several labels to a line
export const DETECTION_LABELS: readonly string[] = [
  'hand', 'face', 'mouth', 'eyes', 'eyebrows', 'pupils', 'left_eyebrow', 'left_eye', 'left_pupil',
  'right_eyebrow', 'right_eye', 'right_pupil', 'short_sleeved_shirt', 'long_sleeved_shirt',
  'short_sleeved_outwear', 'long_sleeved_outwear', 'vest', 'sling', 'shorts', 'trousers', 'skirt',
  'short_sleeved_dress', 'long_sleeved_dress', 'vest_dress', 'sling_dress', 'person', 'bicycle',
  'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat', 'traffic light', 'fire hydrant',
  'stop sign', 'parking meter', 'bench', 'bird', 'cat', 'dog', 'horse', 'sheep', 'cow', 'elephant',
  'bear', 'zebra', 'giraffe', 'backpack', 'umbrella', 'handbag', 'tie', 'suitcase', 'frisbee',
  'skis', 'snowboard', 'sports ball', 'kite', 'baseball bat', 'baseball glove', 'skateboard',
  'surfboard', 'tennis racket', 'bottle', 'wine glass', 'cup', 'fork', 'knife', 'spoon', 'bowl',
  'banana', 'apple', 'sandwich', 'orange', 'broccoli', 'carrot', 'hot dog', 'pizza', 'donut',
  'cake', 'chair', 'couch', 'potted plant', 'bed', 'dining table', 'toilet', 'tv', 'laptop',
  'mouse', 'remote', 'keyboard', 'cell phone', 'microwave', 'oven', 'toaster', 'sink',
  'refrigerator', 'book', 'clock', 'vase', 'scissors', 'teddy bear', 'hair drier', 'toothbrush',
];
