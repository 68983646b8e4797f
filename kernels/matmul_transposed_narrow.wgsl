// out_j[r, k] (+)= sum over c of dy_j[r, c] W[k, c] for a list of jobs j, as matmul_transposed.wgsl, to the same bits
//
// The tile of shared/narrow_product.wgsl: 8 rows by LANES vec4s of columns k. Half of the invocations fetch four rows
// of W each, neighbours side by side in c, and transpose them.
// Shapes and jobs: shared/transposed_job.wgsl.
// Grid: x covers inner4 in tiles of LANES, y covers rows in tiles of 8, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_transposed).
//#include transposed_job
//#include narrow_product

@compute @workgroup_size(INVOCATIONS)
fn matmul_transposed_narrow(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) index: u32) {
  let job = job_at(wid.z);
  let first = LANES * wid.x;
  let top = ROWS * wid.y;
  // An invocation fetches one vec4 of a row of dy: of two rows with LANES = 2, and with LANES = 8 half of the
  // invocations do.
  let term4 = index % STEP4;
  let left_row = index / STEP4;
  let rows_apart = INVOCATIONS / STEP4;
  let dy_at = dy_row_at(job, top + left_row);
  let other_at = dy_row_at(job, top + left_row + rows_apart);
  // Columns beyond the last are the last, and are not stored.
  let right_column = index / STEP4;
  let fetches_right = right_column < LANES;
  let k = 4u * min(first + right_column, params.inner4 - 1u);
  let column = index % LANES;
  let row = index / LANES;
  let adds = row < ROWS;

  var sum: vec4f;
  var half = 0u;
  for (var c = job.first; c < job.end + STEP4; c += STEP4) {
    // The first round only fetches, the last one only adds up.
    var a0: vec4f;
    var a1: vec4f;
    var w: mat4x4f;
    let more = c < job.end;
    if (more) {
      let at = min(c + term4, job.end - 1u); // terms beyond the last are the last, and are not added
      if (left_row < ROWS) { a0 = dy[dy_at + at]; }
      if (left_row + rows_apart < ROWS) { a1 = dy[other_at + at]; }
      if (fetches_right) { w = four_rows(weight_at(k, at)); }
    }
    // What is added up was stored in the round before.
    if (c > job.first && adds) { sum = add_step(sum, half ^ 1u, min(STEP4, job.end + STEP4 - c), row, column); }
    if (more) {
      if (left_row < ROWS) { left[left_place(half, term4, left_row)] = a0; }
      if (left_row + rows_apart < ROWS) { left[left_place(half, term4, left_row + rows_apart)] = a1; }
      if (fetches_right) {
        right[right_place(half, term4, 0u, right_column)] = w[0];
        right[right_place(half, term4, 1u, right_column)] = w[1];
        right[right_place(half, term4, 2u, right_column)] = w[2];
        right[right_place(half, term4, 3u, right_column)] = w[3];
      }
    }
    workgroupBarrier();
    half ^= 1u;
  }
  if (adds) { finish(job, top + row, first + column, sum); }
}
