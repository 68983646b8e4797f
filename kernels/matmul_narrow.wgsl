// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j, as matmul.wgsl, to the same bits
//
// The tile of shared/narrow_product.wgsl: 8 rows by LANES vec4 columns.
// Shapes and jobs: shared/matmul_job.wgsl.
// Grid: x covers the panels in tiles of LANES vec4s, y covers the most rows of a job in tiles of 8, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_narrow).
//#include matmul_job
//#include narrow_product

@compute @workgroup_size(INVOCATIONS)
fn matmul_narrow(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) index: u32) {
  let job = job_at(wid.z);
  let first = LANES * wid.x;
  let top = ROWS * wid.y;
  // The same for the whole workgroup; from here on every invocation must reach every barrier.
  if (first + LANES <= job.first || first >= job.end || top >= job.rows) { return; }

  // On the left an invocation fetches one vec4 of a row: of two rows with LANES = 2, and with LANES = 8 half of the
  // invocations do.
  let left_term4 = index % STEP4;
  let left_row = index / STEP4;
  let rows_apart = INVOCATIONS / STEP4;
  let a_at = row_at(job, top + left_row);
  let other_at = row_at(job, top + left_row + rows_apart);
  // On the right it fetches one vec4 of two terms.
  let right_column = index % LANES;
  let right_term = index / LANES;
  let terms_apart = INVOCATIONS / LANES;
  let w_at = column_at(job, first + right_column);
  let column = index % LANES;
  let row = index / LANES;
  let adds = row < ROWS;

  var sum: vec4f;
  var half = 0u;
  for (var k4 = 0u; k4 < params.inner4 + STEP4; k4 += STEP4) {
    // The first round only fetches, the last one only adds up.
    var a0: vec4f;
    var a1: vec4f;
    var w0: vec4f;
    var w1: vec4f;
    let more = k4 < params.inner4;
    if (more) {
      // Terms beyond the last are the last, and are not added.
      let last = params.inner4 - 1u;
      if (left_row < ROWS) { a0 = a[a_at + min(k4 + left_term4, last)]; }
      if (left_row + rows_apart < ROWS) { a1 = a[other_at + min(k4 + left_term4, last)]; }
      w0 = load_weight(w_at + min(4u * k4 + right_term, 4u * last + 3u) * PANEL);
      w1 = load_weight(w_at + min(4u * k4 + right_term + terms_apart, 4u * last + 3u) * PANEL);
    }
    // What is added up was stored in the round before.
    if (k4 > 0u && adds) { sum = add_step(sum, half ^ 1u, min(STEP4, params.inner4 + STEP4 - k4), row, column); }
    if (more) {
      if (left_row < ROWS) { left[left_place(half, left_term4, left_row)] = a0; }
      if (left_row + rows_apart < ROWS) { left[left_place(half, left_term4, left_row + rows_apart)] = a1; }
      right[right_place(half, right_term / 4u, right_term % 4u, right_column)] = w0;
      let other_term = right_term + terms_apart;
      right[right_place(half, other_term / 4u, other_term % 4u, right_column)] = w1;
    }
    workgroupBarrier();
    half ^= 1u;
  }
  if (adds) { finish(job, top + row, first + column, bias_of(job, first + column), place_of(job, top + row), sum); }
}
