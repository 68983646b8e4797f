// out_j[r, k] (+)= sum over c of dy_j[r, c] W[k, c] for a list of jobs j, as matmul_transposed.wgsl, to the same bits
//
// The tile of shared/blocked_product.wgsl: 8 TY rows by 8 TX columns k. Both sides are stored along c. Invocations
// fetch four rows of dy and four rows of W each, neighbours side by side in c, and transpose them.
// Workgroup memory: 1024 (TX + TY) bytes.
// Shapes and jobs: shared/transposed_job.wgsl.
// Grid: x covers inner4 in tiles of 2 TX, y covers rows in tiles of 8 TY, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_transposed).
//#include transposed_job
//#include blocked_product

@compute @workgroup_size(TX * TY)
fn matmul_transposed_blocked(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) index: u32) {
  let job = job_at(wid.z);
  let first = 2u * TX * wid.x;
  let top = 8u * TY * wid.y;
  // An invocation fetches four terms of four rows on either side, where the side has so many.
  let term4 = index % STEP4;
  let quad = index / STEP4;
  let fetches_left = quad < 2u * TY;
  let fetches_right = quad < 2u * TX;
  let row0 = dy_row_at(job, top + 4u * quad);
  let row1 = dy_row_at(job, top + 4u * quad + 1u);
  let row2 = dy_row_at(job, top + 4u * quad + 2u);
  let row3 = dy_row_at(job, top + 4u * quad + 3u);
  // Columns beyond the last are the last, and are not stored.
  let k = 4u * min(first + quad, params.inner4 - 1u);
  let square = square_of(index);

  var sums: array<vec4f, 16>;
  var half = 0u;
  for (var c = job.first; c < job.end + STEP4; c += STEP4) {
    // The first round only fetches, the last one only adds up.
    var a0: vec4f;
    var a1: vec4f;
    var a2: vec4f;
    var a3: vec4f;
    var w: mat4x4f;
    let more = c < job.end;
    if (more) {
      let at = min(c + term4, job.end - 1u); // terms beyond the last are the last, and are not added
      if (fetches_left) {
        a0 = dy[row0 + at];
        a1 = dy[row1 + at];
        a2 = dy[row2 + at];
        a3 = dy[row3 + at];
      }
      if (fetches_right) { w = four_rows(weight_at(k, at)); }
    }
    // What is added up was stored in the round before.
    if (c > job.first) { add_step(&sums, half ^ 1u, min(STEP4, job.end + STEP4 - c), square); }
    if (more) {
      if (fetches_left) { store_left(half, quad, term4, transpose(mat4x4f(a0, a1, a2, a3))); }
      if (fetches_right) { store_right(half, quad, term4, w); }
    }
    workgroupBarrier();
    half ^= 1u;
  }

  let k4 = first + square.x;
  for (var r = 0u; r < 8u; r++) {
    let row = top + 8u * square.y + r;
    finish(job, row, k4, sum_at(&sums, 2u * r));
    finish(job, row, k4 + TX, sum_at(&sums, 2u * r + 1u));
  }
}
