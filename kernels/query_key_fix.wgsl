// scores[n, out_at + p * port_stride + b] += weight * sum over heads h of port p, queries i of prompt n and keys j of
//                                              (A'[b, h, i, j] - A[h, i, j]) dp[h, i, j]
//
// A = softmax over visible keys of the scores (shared/visible_keys.wgsl, attention_score.wgsl). A' is the same with the
// edge of writer b cut: with its query q', or for KEYS with all its keys k'. A port is a query head, or for KEYS a key
// port: all query heads that read it change (shared/head_ports.wgsl). dp is the gradient at the pattern. The derivative
// of a saturated softmax is 0, so the pattern itself is computed anew. One workgroup per prompt, port and writer. Its
// invocations share out the queries. A' and A are summed by the same steps (a softmax that is brought up to date key by
// key): an edge that changes nothing scores exactly 0.
// Shapes: moved [B, T, H + kv_ports, head4] (q' of all heads, then k'), projections [T, H + 2 kv_ports, head4],
// dp [H, T, S] (f32), scores [N, stride] (f32).
// Grid: x = B, y = H (KEYS: kv_ports), z = N.
// Source: AtP*, Kramar et al. 2024 (arXiv:2403.00745). Checked by test/gpu/kernels.test.ts (query_key_fix).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  kv_ports: u32,
  head4: u32,
  window: u32,
  scale: f32,
  softcap: f32,
  out_at: u32,
  port_stride: u32,
  stride: u32,
}
override WORKGROUP: u32;
override KEYS: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> moved: array<vec4f>;
@group(0) @binding(3) var<storage, read> projections: array<vec4f>;
@group(0) @binding(4) var<storage, read> dp: array<f32>;
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;
//#include reduce_sum
//#include head_ports
//#include visible_keys
//#include attention_score
alias Leaf = f32;

// Mean of `value` under a softmax whose terms come one by one: largest score, sum of weights, weighted sum.
struct Running {
  largest: f32,
  total: f32,
  weighted: f32,
}

fn add_key(now: Running, score: f32, value: f32) -> Running {
  let largest = max(now.largest, score);
  let keep = exp(now.largest - largest);
  let own = exp(score - largest);
  return Running(largest, now.total * keep + own, now.weighted * keep + own * value);
}

// The change of a head's weighted pattern at query `i` of the prompt whose first token is `prompt_at`.
fn change_of(head: u32, writer: u32, prompt_at: u32, i: u32) -> f32 {
  let token_stride = ports_of_token() * params.head4;
  let moved_stride = (params.heads + params.kv_ports) * params.head4;
  let moved_at = (writer * params.tokens + prompt_at) * moved_stride;
  let q_at = (prompt_at + i) * token_stride + head * params.head4;
  let moved_q_at = moved_at + i * moved_stride + head * params.head4;
  let dp_at = (head * params.tokens + prompt_at + i) * params.sequence;
  var before = Running(-3.4e38, 0.0, 0.0);
  var after = before;
  for (var j = first_key(i); j <= i; j++) {
    let k_at = (prompt_at + j) * token_stride + key_port(head) * params.head4;
    let moved_k_at = moved_at + j * moved_stride + key_port(head) * params.head4;
    var product = 0.0;
    var moved_product = 0.0;
    for (var c = 0u; c < params.head4; c++) {
      product += dot(projections[q_at + c], projections[k_at + c]);
      if (KEYS) { moved_product += dot(projections[q_at + c], moved[moved_k_at + c]); }
      else { moved_product += dot(moved[moved_q_at + c], projections[k_at + c]); }
    }
    before = add_key(before, attention_score(product), dp[dp_at + j]);
    after = add_key(after, attention_score(moved_product), dp[dp_at + j]);
  }
  return after.weighted / after.total - before.weighted / before.total;
}

@compute @workgroup_size(WORKGROUP)
fn query_key_fix(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let port = wid.y;
  let prompt_at = wid.z * params.sequence;
  var sharing = 1u; // heads of the port
  if (KEYS) { sharing = params.heads / params.kv_ports; }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var change = 0.0;
    for (var head = port * sharing; head < (port + 1u) * sharing; head++) {
      for (var i = leaf; i < params.sequence; i += LEAVES) { change += change_of(head, wid.x, prompt_at, i); }
    }
    leaves[leaf] = change;
  }
  let total = sum_of_leaves(lane);
  if (lane == 0u) {
    scores[wid.z * params.stride + params.out_at + port * params.port_stride + wid.x] += weight[0] * total;
  }
}
