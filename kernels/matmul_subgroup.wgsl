// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j, as matmul.wgsl, to the same bits
//
// Tile through the registers of a subgroup: one invocation makes ROWS rows (8 or 16) by one vec4 column. All
// invocations of a workgroup have the same rows. Invocation i of a subgroup loads row i % 8 of every eight and
// broadcasts it. An element of `a` is then loaded once a subgroup instead of once an invocation. A software adapter
// needs this most: it runs a load as one guarded load after another for each lane, but a broadcast as one shuffle.
// Needs subgroups of at least 8 invocations. LANES is at most the size of a subgroup, so that a workgroup is part of
// one subgroup and all of its lanes go the same way. LANES divides PANEL.
// Shapes and jobs: shared/matmul_job.wgsl.
// Grid: x = panels * PANEL / LANES, y covers the most rows of a job in tiles of ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_subgroup).
enable subgroups;
//#include matmul_job
//#include broadcast_rows
override ROWS: u32;
override LANES: u32;

@compute @workgroup_size(LANES)
fn matmul_subgroup(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) turn: u32,
) {
  let job = job_at(wid.z);
  let first = LANES * wid.x;
  let top = ROWS * wid.y;
  if (first + LANES <= job.first || first >= job.end || top >= job.rows) { return; }

  // Lanes outside the job's columns go on: their rows are broadcast. What they read are other columns of the panel.
  let column = first + lane;
  let row = top + turn % 8u;
  let upper_at = row_at(job, row);
  let lower_at = row_at(job, row + 8u);
  let upper_place = place_of(job, row);
  let lower_place = place_of(job, row + 8u);
  var upper: array<vec4f, 8>;
  var lower: array<vec4f, 8>;
  var w_at = column_at(job, column);
  for (var k4 = 0u; k4 < params.inner4; k4++) {
    let w0 = load_weight(w_at);
    let w1 = load_weight(w_at + PANEL);
    let w2 = load_weight(w_at + 2u * PANEL);
    let w3 = load_weight(w_at + 3u * PANEL);
    w_at += 4u * PANEL;
    add_rows(&upper, a[upper_at + k4], w0, w1, w2, w3);
    if (ROWS > 8u) { add_rows(&lower, a[lower_at + k4], w0, w1, w2, w3); }
  }
  let own_bias = bias_of(job, column);
  finish_rows(&upper, job, top, column, own_bias, upper_place);
  if (ROWS > 8u) { finish_rows(&lower, job, top + 8u, column, own_bias, lower_place); }
}

// Written out, because the lane of a broadcast must be a constant.
fn finish_rows(sums: ptr<function, array<vec4f, 8>>, job: Job, top: u32, column: u32, own_bias: vec4f, place: u32) {
  finish(job, top, column, own_bias, subgroupBroadcast(place, 0u), (*sums)[0]);
  finish(job, top + 1u, column, own_bias, subgroupBroadcast(place, 1u), (*sums)[1]);
  finish(job, top + 2u, column, own_bias, subgroupBroadcast(place, 2u), (*sums)[2]);
  finish(job, top + 3u, column, own_bias, subgroupBroadcast(place, 3u), (*sums)[3]);
  finish(job, top + 4u, column, own_bias, subgroupBroadcast(place, 4u), (*sums)[4]);
  finish(job, top + 5u, column, own_bias, subgroupBroadcast(place, 5u), (*sums)[5]);
  finish(job, top + 6u, column, own_bias, subgroupBroadcast(place, 6u), (*sums)[6]);
  finish(job, top + 7u, column, own_bias, subgroupBroadcast(place, 7u), (*sums)[7]);
}
