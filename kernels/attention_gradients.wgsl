// Gradients at queries, keys and values: sums of rows of x weighted by w [H, T, S], inside one prompt.
//   out[p, i] = factor * sum over heads h of p, over visible keys j of i, of w[h, i, j] x[h, j]
//   OVER_QUERIES: out[p, j] = factor * sum over heads h of p, over queries i that see j, of w[h, i, j] x[h, i]
//
// Queries: w = gradient at the scores, x = keys. Keys (OVER_QUERIES): w = gradient at the scores, x = queries.
// Values (OVER_QUERIES): w = the pattern, x = gradient at the mixed values.
// Heads may share a port of x or of the result: H / x_ports heads that follow each other read one port of x, and the
// H / out_ports heads of a port of the result add up, in ascending order. Visible keys: shared/visible_keys.wgsl.
// One invocation per four columns of one row. Rows of padding take part like others: the gradient there is 0.
// Shapes: x [T, x_stride, head4], of which x_ports from x_first on are read; out [P, T, head4], of which out_ports from
// out_first on are written. Grid: x covers T * head4, y = out_ports.
// Checked by test/gpu/kernels.test.ts (attention_gradients).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  head4: u32,
  window: u32,
  x_stride: u32,
  x_first: u32,
  x_ports: u32,
  out_first: u32,
  out_ports: u32,
  factor: f32,
}
override OVER_QUERIES: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
//#include visible_keys

@compute @workgroup_size(64)
fn attention_gradients(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  if (gid.x >= params.tokens * params.head4) { return; }
  let row = gid.x / params.head4;
  let column = gid.x % params.head4;
  let own = row % params.sequence;
  let prompt = row - own;
  let token_stride = params.x_stride * params.head4;
  let sharing = params.heads / params.out_ports;
  var sum = vec4f(0.0);
  for (var head = wid.y * sharing; head < (wid.y + 1u) * sharing; head++) {
    let port = params.x_first + head * params.x_ports / params.heads;
    let x_at = prompt * token_stride + port * params.head4 + column;
    let w_at = (head * params.tokens + prompt) * params.sequence;
    if (OVER_QUERIES) {
      for (var query = own; query <= last_query(own); query++) {
        sum += w[w_at + query * params.sequence + own] * x[x_at + query * token_stride];
      }
    } else {
      for (var key = first_key(own); key <= own; key++) {
        sum += w[w_at + own * params.sequence + key] * x[x_at + key * token_stride];
      }
    }
  }
  out[(params.out_first + wid.y) * params.tokens * params.head4 + gid.x] = params.factor * sum;
}
