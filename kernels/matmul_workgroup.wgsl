// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j, as matmul.wgsl, to the same bits
//
// Tile through workgroup memory, for adapters that have it in hardware: GROUPS * ROWS rows by a panel of columns, in
// steps of STEP4 vec4s over k. All invocations load a step of `a` and of W, neighbours side by side. Then each takes
// ROWS rows by one vec4 column through the step. A weight is read from memory once for GROUPS * ROWS rows, and an
// element of `a` once for PANEL vec4 columns.
// Per vec4 of k an invocation reads ROWS + 4 vec4s of workgroup memory for 16 ROWS multiply-adds. All of a subgroup
// read the same rows, and the weights lie side by side: no bank is asked twice.
// Workgroup memory: 16 STEP4 (GROUPS * ROWS + 4 PANEL) bytes, 12 KB with ROWS = 8 (the most that `sum` holds).
// Shapes and jobs: shared/matmul_job.wgsl.
// Grid: x = panels, y covers the most rows of a job in tiles of GROUPS * ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_workgroup).
//#include matmul_job
override ROWS: u32;
const GROUPS = 8u;
const STEP4 = 4u;
const INVOCATIONS = GROUPS * PANEL;
var<workgroup> a_step: array<vec4f, GROUPS * ROWS * STEP4>; // [row, vec4 of k]
var<workgroup> w_step: array<vec4f, 4u * STEP4 * PANEL>; // [k, column]

@compute @workgroup_size(INVOCATIONS)
fn matmul_workgroup(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) index: u32) {
  let job = job_at(wid.z);
  let first = PANEL * wid.x;
  let top = GROUPS * ROWS * wid.y;
  // The same for the whole workgroup; from here on every invocation must reach every barrier.
  if (first + PANEL <= job.first || first >= job.end || top >= job.rows) { return; }

  let lane = index % PANEL;
  let own = (index / PANEL) * ROWS;
  let panel_at = column_at(job, first);
  var sum: array<vec4f, 8>;
  for (var k4 = 0u; k4 < params.inner4; k4 += STEP4) {
    // The last step may be shorter: multiply-adds with 0 would turn a sum of -0 into +0.
    let steps = min(STEP4, params.inner4 - k4);
    for (var i = index; i < GROUPS * ROWS * STEP4; i += INVOCATIONS) {
      if (i % STEP4 < steps) { a_step[i] = a[row_at(job, top + i / STEP4) + k4 + i % STEP4]; }
    }
    for (var i = index; i < 4u * steps * PANEL; i += INVOCATIONS) {
      w_step[i] = load_weight(panel_at + 4u * k4 * PANEL + i);
    }
    workgroupBarrier();
    for (var k = 0u; k < steps; k++) {
      let w_at = 4u * k * PANEL + lane;
      let w0 = w_step[w_at];
      let w1 = w_step[w_at + PANEL];
      let w2 = w_step[w_at + 2u * PANEL];
      let w3 = w_step[w_at + 3u * PANEL];
      for (var r = 0u; r < ROWS; r++) { sum[r] = multiply_add(sum[r], a_step[(own + r) * STEP4 + k], w0, w1, w2, w3); }
    }
    workgroupBarrier();
  }
  let column = first + lane;
  let own_bias = bias_of(job, column);
  for (var r = 0u; r < ROWS; r++) {
    let row = top + own + r;
    finish(job, row, column, own_bias, place_of(job, row), sum[r]);
  }
}
