// out_j[r, k] (+)= sum over c of dy_j[r, c] W[k, c] for a list of jobs j, as matmul_transposed.wgsl, to the same bits.
//
// Tile through the registers of a subgroup, as matmul_subgroup.wgsl: one invocation makes ROWS rows (8 or 16) by four
// neighbouring columns k, and loads one row of every eight, which the others get by a broadcast.
// Needs subgroups of at least 8 invocations, and LANES of at most their size.
// Shapes and jobs: shared/transposed_job.wgsl.
// Grid: x covers inner4 in tiles of LANES, y covers rows in tiles of ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_transposed).
enable subgroups;
//#include transposed_job
//#include broadcast_rows
override ROWS: u32;
override LANES: u32;

@compute @workgroup_size(LANES)
fn matmul_transposed_subgroup(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) turn: u32,
) {
  let job = job_at(wid.z);
  let k4 = LANES * wid.x + lane;
  let top = ROWS * wid.y;
  let upper_at = dy_row_at(job, top + turn % 8u);
  let lower_at = dy_row_at(job, top + 8u + turn % 8u);
  var upper: array<vec4f, 8>;
  var lower: array<vec4f, 8>;
  // Lanes beyond the last column go on, with it: their rows are broadcast.
  let k = 4u * min(k4, params.inner4 - 1u);
  var column = job.first;
  while (column < job.end) {
    let stop = min(job.end, PANEL * (column / PANEL + 1u));
    var w_at = weight_at(k, column);
    for (; column < stop; column++) {
      let w = four_rows(w_at);
      w_at++;
      add_rows(&upper, dy[upper_at + column], w[0], w[1], w[2], w[3]);
      if (ROWS > 8u) { add_rows(&lower, dy[lower_at + column], w[0], w[1], w[2], w[3]); }
    }
  }
  for (var r = 0u; r < 8u; r++) { finish(job, top + r, k4, upper[r]); }
  if (ROWS > 8u) {
    for (var r = 0u; r < 8u; r++) { finish(job, top + 8u + r, k4, lower[r]); }
  }
}
