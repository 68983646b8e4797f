// dp[h, i, j] = dz[h, i] . v[h, j] at visible keys j, inside one prompt; else 0: the gradient at the attention pattern
//
// One invocation per query row. Visible keys and the ports of a token: shared/visible_keys.wgsl and head_ports.wgsl.
// Shapes: dz [T, H, head4] (gradient at the heads' mixed values), projections
// [T, H + 2 kv_ports, head4], dp [H, T, S] (f32).
// Grid: x covers T, y = H. Checked by test/gpu/kernels.test.ts (attention_pattern_gradients).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  kv_ports: u32,
  head4: u32,
  window: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dz: array<vec4f>;
@group(0) @binding(2) var<storage, read> projections: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dp: array<f32>;
//#include head_ports
//#include visible_keys

@compute @workgroup_size(64)
fn attention_pattern_gradients(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let row = gid.x;
  if (row >= params.tokens) { return; }
  let head = wid.y;
  let query = row % params.sequence;
  let token_stride = ports_of_token() * params.head4;
  let z_at = (row * params.heads + head) * params.head4;
  let v_at = (row - query) * token_stride + value_port(head) * params.head4;
  let first = first_key(query);
  let out_at = (head * params.tokens + row) * params.sequence;
  for (var key = 0u; key < params.sequence; key++) {
    var sum = 0.0;
    if (key >= first && key <= query) {
      for (var c = 0u; c < params.head4; c++) { sum += dot(dz[z_at + c], projections[v_at + key * token_stride + c]); }
    }
    dp[out_at + key] = sum;
  }
}
