// Gradients at queries, keys and values: sums of rows of x weighted by w [H, T, S], inside one prompt.
//   out[h, i] = factor * sum over keys j <= i of w[h, i, j] x[h, j]
//   OVER_QUERIES: out[h, j] = factor * sum over queries i >= j of w[h, i, j] x[h, i]
//
// Queries: w = gradient at the scores, x = keys. Keys (OVER_QUERIES): w = gradient at the scores, x = queries.
// Values (OVER_QUERIES): w = the pattern, x = gradient at the mixed values.
// One invocation per four columns of one row. Rows of padding take part like others: the gradient there is 0.
// Shapes: x [T, x_heads, head4], read from head x_first on; out [P, T, head4], written from part out_first on.
// Grid: x covers T * head4, y = H. Checked by test/gpu/kernels.test.ts (attention_gradients).
struct Params {
  tokens: u32,
  sequence: u32,
  head4: u32,
  x_heads: u32,
  x_first: u32,
  out_first: u32,
  factor: f32,
}
override OVER_QUERIES: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn attention_gradients(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  if (gid.x >= params.tokens * params.head4) { return; }
  let head = wid.y;
  let row = gid.x / params.head4;
  let column = gid.x % params.head4;
  let own = row % params.sequence;
  let prompt = row - own;
  let token_stride = params.x_heads * params.head4;
  let x_at = prompt * token_stride + (params.x_first + head) * params.head4 + column;
  let w_at = (head * params.tokens + prompt) * params.sequence;
  var sum = vec4f(0.0);
  if (OVER_QUERIES) {
    for (var query = own; query < params.sequence; query++) {
      sum += w[w_at + query * params.sequence + own] * x[x_at + query * token_stride];
    }
  } else {
    for (var key = 0u; key <= own; key++) {
      sum += w[w_at + own * params.sequence + key] * x[x_at + key * token_stride];
    }
  }
  out[(params.out_first + head) * params.tokens * params.head4 + gid.x] = params.factor * sum;
}
