// scores[n, out_at + h * port_stride + b] += weight * sum over queries i of prompt n and keys j <= i of
//                                              (A'[b, h, i, j] - A[h, i, j]) dp[h, i, j]
//
// A = softmax(scale q k). A' is the same with the edge of writer b cut: with its query q', or for KEYS with all its
// keys k'. dp is the gradient at the pattern. The derivative of a saturated softmax is 0, so the pattern itself is
// computed anew.
// One workgroup per prompt, head and writer. Its invocations share out the queries. A' and A are summed by the same
// steps (a softmax that is brought up to date key by key): an edge that changes nothing scores exactly 0.
// Shapes: moved [B, T, 2H, head4] (q' of all heads, then k'), projections [T, 3H, head4], dp [H, T, S] (f32),
// scores [N, stride] (f32).
// Grid: x = B, y = H, z = N.
// Source: AtP*, Kramar et al. 2024 (arXiv:2403.00745). Checked by test/gpu/kernels.test.ts (query_key_fix).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  head4: u32,
  scale: f32,
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

@compute @workgroup_size(WORKGROUP)
fn query_key_fix(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = wid.y;
  let prompt_at = wid.z * params.sequence;
  let token_stride = 3u * params.heads * params.head4;
  let moved_stride = 2u * params.heads * params.head4;
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var change = 0.0;
    for (var i = leaf; i < params.sequence; i += LEAVES) {
      let q_at = (prompt_at + i) * token_stride + head * params.head4;
      let moved_q_at = (wid.x * params.tokens + prompt_at + i) * moved_stride + head * params.head4;
      let dp_at = (head * params.tokens + prompt_at + i) * params.sequence;
      var before = Running(-3.4e38, 0.0, 0.0);
      var after = before;
      for (var j = 0u; j <= i; j++) {
        let k_at = (prompt_at + j) * token_stride + (params.heads + head) * params.head4;
        let moved_k_at = (wid.x * params.tokens + prompt_at + j) * moved_stride + (params.heads + head) * params.head4;
        var score = 0.0;
        var moved_score = 0.0;
        for (var c = 0u; c < params.head4; c++) {
          score += dot(projections[q_at + c], projections[k_at + c]);
          if (KEYS) { moved_score += dot(projections[q_at + c], moved[moved_k_at + c]); }
          else { moved_score += dot(moved[moved_q_at + c], projections[k_at + c]); }
        }
        before = add_key(before, params.scale * score, dp[dp_at + j]);
        after = add_key(after, params.scale * moved_score, dp[dp_at + j]);
      }
      change += after.weighted / after.total - before.weighted / before.total;
    }
    leaves[leaf] = change;
  }
  let total = sum_of_leaves(lane);
  if (lane == 0u) {
    scores[wid.z * params.stride + params.out_at + head * params.port_stride + wid.x] += weight[0] * total;
  }
}
