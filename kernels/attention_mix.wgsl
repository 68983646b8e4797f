// z[c, h, i] = sum over j <= i of p[c, h, i, j] v[c, h, j], inside one prompt.
//
// One invocation per four columns of one query row. Shapes: ports [C, T, 3H, head4], pattern [C, H, T, S] (f32),
// z [C, H, T, head4]. Grid: x covers T * head4, y = C * H. Checked by test/gpu/kernels.test.ts (attention).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  head4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ports: array<vec4f>;
@group(0) @binding(2) var<storage, read> pattern: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<vec4f>;

@compute @workgroup_size(64)
fn attention_mix(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.tokens * params.head4) { return; }
  let row = gid.x / params.head4;
  let column = gid.x % params.head4;
  let query = row % params.sequence;
  let token_stride = 3u * params.heads * params.head4;
  let first = (gid.y / params.heads) * params.tokens + row - query;
  let v_at = first * token_stride + (2u * params.heads + gid.y % params.heads) * params.head4 + column;
  let p_at = (gid.y * params.tokens + row) * params.sequence;
  var sum = vec4f(0.0);
  for (var key = 0u; key <= query; key++) { sum += pattern[p_at + key] * ports[v_at + key * token_stride]; }
  z[gid.y * params.tokens * params.head4 + gid.x] = sum;
}
