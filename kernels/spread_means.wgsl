// ablated[u, t] = means[u, t mod G]
//
// One mean for every position (G = 1), or one per position (G = S). One invocation per four columns of one token.
// Shapes: means [W, G, width4], ablated [W, T, width4].
// Grid: x covers T * width4, y = W. Checked by test/gpu/kernels.test.ts (means).
struct Params {
  tokens: u32,
  groups: u32,
  width4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> means: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> ablated: array<vec4f>;

@compute @workgroup_size(64)
fn spread_means(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.tokens * params.width4) { return; }
  let token = gid.x / params.width4;
  let column = gid.x % params.width4;
  ablated[gid.y * params.tokens * params.width4 + gid.x] =
    means[(gid.y * params.groups + token % params.groups) * params.width4 + column];
}
