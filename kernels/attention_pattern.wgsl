// p[c, h, r, j] = softmax over j <= i of scale * q[c, h, i] . k[c, h, j], inside one prompt, i = rows[r]; 0 for j > i
//
// One invocation per query row: no barrier, and a row depends on that row alone. Prompts are padded on the right, so
// the causal mask already hides the padding from every real token. The maximum is subtracted before the exponential.
// The two halves can be made one after the other, with the same bits, so that scores can be read or set in between.
// SCORES makes the scores and, where no softmax follows at once, HIDDEN after the query. SOFTMAX turns the scores into
// the pattern. A score of HIDDEN stands for minus infinity: its weight is 0.
// Shapes: projections [C, T, 3H, head4] (q of all heads, then k, then v), pattern [C, H, T, S] (f32). In pattern the
// rows that a head computes come first. Jobs: shared/head_job.wgsl.
// Grid: x covers the most rows of a head, y = heads to compute. Checked by test/gpu/kernels.test.ts (attention).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  head4: u32,
  jobs_at: u32,
  scale: f32,
}
override SCORES: bool;
override SOFTMAX: bool;
const HIDDEN = -3.4e38;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> projections: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> pattern: array<f32>;
//#include head_job

@compute @workgroup_size(64)
fn attention_pattern(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let job = job_at(wid.y);
  if (gid.x >= job.rows) { return; }
  let row = control[job.rows_at + gid.x];
  let query = row % params.sequence;
  let circuit_head = job.circuit_head;
  let token_stride = 3u * params.heads * params.head4;
  let head = circuit_head % params.heads;
  let prompt_at = ((circuit_head / params.heads) * params.tokens + row - query) * token_stride;
  let q_at = prompt_at + query * token_stride + head * params.head4;
  let k_at = prompt_at + (params.heads + head) * params.head4;
  let out_at = (circuit_head * params.tokens + gid.x) * params.sequence;

  var largest = HIDDEN;
  for (var key = 0u; key <= query; key++) {
    var score = 0.0;
    if (SCORES) {
      let key_at = k_at + key * token_stride;
      for (var c = 0u; c < params.head4; c++) { score += dot(projections[q_at + c], projections[key_at + c]); }
      score *= params.scale;
      pattern[out_at + key] = score;
    } else {
      score = pattern[out_at + key];
    }
    largest = max(largest, score);
  }
  if (!SOFTMAX) {
    for (var key = query + 1u; key < params.sequence; key++) { pattern[out_at + key] = HIDDEN; }
    return;
  }
  var total = 0.0;
  for (var key = 0u; key <= query; key++) {
    let weight = exp(pattern[out_at + key] - largest);
    pattern[out_at + key] = weight;
    total += weight;
  }
  for (var key = 0u; key < params.sequence; key++) {
    pattern[out_at + key] = select(0.0, pattern[out_at + key] / total, key <= query);
  }
}
