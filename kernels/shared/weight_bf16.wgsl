// Weights stored as bfloat16, two in a word, the first one in its lower half. A bfloat16 is the upper half of an f32:
// exact for every bit pattern.
@group(0) @binding(1) var<storage, read> weight: array<vec2u>;

// Weights 4 index .. 4 index + 3.
fn load_weight(index: u32) -> vec4f {
  let words = weight[index].xxyy;
  return bitcast<vec4f>(select(words & vec4u(0xffff0000u), words << vec4u(16u), vec4<bool>(true, false, true, false)));
}
