// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j that share their sizes: all heads of all circuits
// at once
//
// Register tile: one invocation makes TILE_ROWS rows by one vec4 column. All invocations of a workgroup have the same
// rows: they read the same element of `a` at once, and neighbours read neighbouring weights. A weight is loaded once
// for TILE_ROWS rows. The kernel needs neither workgroup memory nor subgroups, so it runs on every adapter. Where those
// pay is measured (src/gpu/product/choose-tile.ts).
// Every output is one sum over k in ascending order, so it depends neither on the tile nor on the batch.
// Shapes and jobs: shared/matmul_job.wgsl.
// Grid: x = panels, y covers the most rows of a job in tiles of TILE_ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul).
//#include matmul_job
const TILE_ROWS = 8u;

@compute @workgroup_size(PANEL)
fn matmul(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let job = job_at(wid.z);
  let column = PANEL * wid.x + lane;
  if (column < job.first || column >= job.end) { return; }
  let top = TILE_ROWS * wid.y;
  if (top >= job.rows) { return; }

  var a_at: array<u32, TILE_ROWS>;
  var place: array<u32, TILE_ROWS>;
  var sum: array<vec4f, TILE_ROWS>;
  for (var r = 0u; r < TILE_ROWS; r++) {
    a_at[r] = row_at(job, top + r);
    place[r] = place_of(job, top + r);
  }
  var w_at = column_at(job, column);
  for (var k4 = 0u; k4 < params.inner4; k4++) {
    let w0 = load_weight(w_at);
    let w1 = load_weight(w_at + PANEL);
    let w2 = load_weight(w_at + 2u * PANEL);
    let w3 = load_weight(w_at + 3u * PANEL);
    w_at += 4u * PANEL;
    for (var r = 0u; r < TILE_ROWS; r++) { sum[r] = multiply_add(sum[r], a[a_at[r] + k4], w0, w1, w2, w3); }
  }
  let own_bias = bias_of(job, column);
  for (var r = 0u; r < TILE_ROWS; r++) { finish(job, top + r, column, own_bias, place[r], sum[r]); }
}
