// Weights stored as IEEE 754 binary16, two in a word, the first one in its lower half. Widening is exact for every bit
// pattern. unpack2x16float is not: adapters may take subnormal numbers for 0.
@group(0) @binding(1) var<storage, read> weight: array<vec2u>;

// Weights 4 index .. 4 index + 3.
fn load_weight(index: u32) -> vec4f {
  let half = (weight[index].xxyy >> vec4u(0u, 16u, 0u, 16u)) & vec4u(0xffffu);
  // Exponent and fraction at their places in an f32; the exponent's bias is 15 in place of 127.
  let magnitude = (half & vec4u(0x7fffu)) << vec4u(13u);
  let normal = magnitude + vec4u(112u << 23u);
  let endless = magnitude + vec4u(224u << 23u); // infinity and NaN: all bits of the exponent
  let subnormal = bitcast<vec4u>(vec4f(half & vec4u(0x3ffu)) * 0x1p-24); // a whole number of 2^-24
  let finite = select(normal, subnormal, magnitude < vec4u(1u << 23u));
  let bits = select(finite, endless, magnitude >= vec4u(31u << 23u));
  return bitcast<vec4f>(bits | ((half & vec4u(0x8000u)) << vec4u(16u)));
}
