// means[u, g] += scale[g] * sum over tokens t of group g of writers[u, t]
//
// With scale[g] = 1 / (number of tokens of group g in all batches), one dispatch per batch of prompts adds up to the
// mean. Tokens of no group carry 0xffffffff: padding, and the beginning-of-text token in a mean over all positions.
// One invocation per four columns of one group of one writer. It adds tokens one by one, in ascending order, to what is
// there. So no bit depends on how the prompts are cut into batches.
// Shapes: writers [W, T, width4], groups [T], scale [G] (f32), means [W, G, width4].
// Grid: x covers G * width4, y = W. Checked by test/gpu/kernels.test.ts (means).
struct Params {
  tokens: u32,
  groups: u32,
  width4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> writers: array<vec4f>;
@group(0) @binding(2) var<storage, read> group_of: array<u32>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read_write> means: array<vec4f>;

@compute @workgroup_size(64)
fn accumulate_means(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.groups * params.width4) { return; }
  let group = gid.x / params.width4;
  let column = gid.x % params.width4;
  let at = gid.y * params.groups * params.width4 + gid.x;
  var sum = means[at];
  for (var t = 0u; t < params.tokens; t++) {
    if (group_of[t] == group) { sum += scale[group] * writers[(gid.y * params.tokens + t) * params.width4 + column]; }
  }
  means[at] = sum;
}
