// Weights stored as f32.
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;

// Weights 4 index .. 4 index + 3.
fn load_weight(index: u32) -> vec4f {
  return weight[index];
}
