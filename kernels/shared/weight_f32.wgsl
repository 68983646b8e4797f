// Weights stored as f32. Every kernel reads weights through load_weight, so that another storage type is another file
// like this one. Index in units of four weights.
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;

fn load_weight(index: u32) -> vec4f {
  return weight[index];
}
