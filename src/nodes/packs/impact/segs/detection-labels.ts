// The labels that detectors give, as the Impact Pack offers them for choice: clothes of DeepFashion2, the classes of COCO, and parts of faces.
const words = (text: string): string[] => text.split('|');

export const DETECTION_LABELS: readonly string[] = [
  ...words(
    'hand|face|mouth|eyes|eyebrows|pupils|left_eyebrow|left_eye|left_pupil|right_eyebrow|right_eye|right_pupil',
  ),
  ...words(
    'short_sleeved_shirt|long_sleeved_shirt|short_sleeved_outwear|long_sleeved_outwear|vest|sling|shorts|trousers|skirt',
  ),
  ...words('short_sleeved_dress|long_sleeved_dress|vest_dress|sling_dress'),
  ...words(
    'person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|stop sign|parking meter|bench',
  ),
  ...words(
    'bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|backpack|umbrella|handbag|tie|suitcase|frisbee|skis|snowboard',
  ),
  ...words(
    'sports ball|kite|baseball bat|baseball glove|skateboard|surfboard|tennis racket|bottle|wine glass|cup|fork|knife|spoon|bowl',
  ),
  ...words(
    'banana|apple|sandwich|orange|broccoli|carrot|hot dog|pizza|donut|cake|chair|couch|potted plant|bed|dining table|toilet',
  ),
  ...words(
    'tv|laptop|mouse|remote|keyboard|cell phone|microwave|oven|toaster|sink|refrigerator|book|clock|vase|scissors|teddy bear',
  ),
  ...words('hair drier|toothbrush'),
];
