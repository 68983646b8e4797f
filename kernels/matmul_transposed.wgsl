// out_j[r, k] (+)= sum over c of dy_j[r, c] W[k, c] for a list of jobs j: dX = dY W^T
//
// Register tile: one invocation makes TILE_ROWS rows by four neighbouring columns k, which are four rows of W. It walks
// along those rows of a panel, one piece of PANEL vec4s each. All invocations of the workgroup read the same element of
// dy at once (a scalar load). No workgroup memory. Rows beyond the last are computed from the last row and not stored.
// Shapes and jobs: shared/transposed_job.wgsl.
// Grid: x covers inner4, y covers rows in tiles of TILE_ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_transposed).
//#include transposed_job
const TILE_ROWS = 8u;
const WORKGROUP = 32u;

@compute @workgroup_size(WORKGROUP)
fn matmul_transposed(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let job = job_at(wid.z);
  let k4 = WORKGROUP * wid.x + lane;
  if (k4 >= params.inner4) { return; }
  let top = TILE_ROWS * wid.y;
  var dy_at: array<u32, TILE_ROWS>;
  var sum: array<vec4f, TILE_ROWS>;
  for (var r = 0u; r < TILE_ROWS; r++) { dy_at[r] = dy_row_at(job, top + r); }
  var column = job.first;
  while (column < job.end) {
    let stop = min(job.end, PANEL * (column / PANEL + 1u));
    var w_at = weight_at(4u * k4, column);
    for (; column < stop; column++) {
      let w = four_rows(w_at);
      w_at++;
      for (var r = 0u; r < TILE_ROWS; r++) {
        sum[r] = multiply_add(sum[r], dy[dy_at[r] + column], w[0], w[1], w[2], w[3]);
      }
    }
  }
  for (var r = 0u; r < TILE_ROWS; r++) { finish(job, top + r, k4, sum[r]); }
}
