// gradient[h, i, j] *= 1 - tanh(scale * q[h, i] . k[h, j])^2 at visible keys j, inside one prompt, in place
//
// Takes a gradient at capped attention scores c tanh(s / c) to the scores s before the cap. `scale` is that of the
// scores over the cap, as in shared/attention_score.wgsl. The slope is 4 e / (1 + e)^2, e = exp(-2 |s / c|): nothing
// cancels where the cap is nearly reached. The products are computed again, since no pass keeps them.
// One invocation per query row. Visible keys and the ports of a token: shared/visible_keys.wgsl and head_ports.wgsl.
// What stands at invisible keys is left alone.
// Shapes: projections [T, H + 2 kv_ports, head4], gradient [H, T, S] (f32). Grid: x covers T, y = H.
// Source of the cap: Gemma 2 (arXiv:2408.00118). Checked by test/gpu/kernels.test.ts (softcap_scores_backward).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  kv_ports: u32,
  head4: u32,
  window: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projections: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
//#include head_ports
//#include visible_keys

@compute @workgroup_size(64)
fn softcap_scores_backward(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let row = gid.x;
  if (row >= params.tokens) { return; }
  let head = wid.y;
  let query = row % params.sequence;
  let token_stride = ports_of_token() * params.head4;
  let q_at = row * token_stride + head * params.head4;
  let k_at = (row - query) * token_stride + key_port(head) * params.head4;
  let at = (head * params.tokens + row) * params.sequence;
  for (var key = first_key(query); key <= query; key++) {
    var product = 0.0;
    for (var c = 0u; c < params.head4; c++) {
      product += dot(projections[q_at + c], projections[k_at + key * token_stride + c]);
    }
    let size = abs(params.scale * product);
    let e = select(exp(-2.0 * size), 0.0, size > 43.0);
    gradient[at + key] *= 4.0 * e / ((1.0 + e) * (1.0 + e));
  }
}
