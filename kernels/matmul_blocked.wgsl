// out_j[r] = activation(a_j[r] * W_j + bias_j) for a list of jobs j, as matmul.wgsl, to the same bits
//
// The tile of shared/blocked_product.wgsl: 8 TY rows by 8 TX columns. Invocations fetch rows of W side by side. Of `a`
// they fetch four rows each, which they transpose.
// Workgroup memory: 1024 (TX + TY) bytes.
// Shapes and jobs: shared/matmul_job.wgsl.
// Grid: x covers the panels in tiles of 2 TX vec4s, y covers the most rows of a job in tiles of 8 TY, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_blocked).
//#include matmul_job
//#include blocked_product

@compute @workgroup_size(TX * TY)
fn matmul_blocked(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) index: u32) {
  let job = job_at(wid.z);
  let first = 2u * TX * wid.x;
  let top = 8u * TY * wid.y;
  // The same for the whole workgroup; from here on every invocation must reach every barrier.
  if (first + 2u * TX <= job.first || first >= job.end || top >= job.rows) { return; }

  // On the left an invocation fetches four terms of four rows; with TX = 16 half of the invocations are enough.
  let term4 = index % STEP4;
  let quad = index / STEP4;
  let fetches = quad < 2u * TY;
  let row0 = row_at(job, top + 4u * quad);
  let row1 = row_at(job, top + 4u * quad + 1u);
  let row2 = row_at(job, top + 4u * quad + 2u);
  let row3 = row_at(job, top + 4u * quad + 3u);
  // On the right it fetches one vec4 of each of a few terms: TY / 2 of them lie between two of its own.
  let column = index % (2u * TX);
  let term = index / (2u * TX);
  let w_at = column_at(job, first + column);
  let square = square_of(index);

  var sums: array<vec4f, 16>;
  var half = 0u;
  for (var k4 = 0u; k4 < params.inner4 + STEP4; k4 += STEP4) {
    // The first round only fetches, the last one only adds up.
    var a0: vec4f;
    var a1: vec4f;
    var a2: vec4f;
    var a3: vec4f;
    var w0: vec4f;
    var w1: vec4f;
    var w2: vec4f;
    var w3: vec4f;
    let more = k4 < params.inner4;
    if (more) {
      // Terms beyond the last are the last, and are not added.
      let last = params.inner4 - 1u;
      if (fetches) {
        let at = min(k4 + term4, last);
        a0 = a[row0 + at];
        a1 = a[row1 + at];
        a2 = a[row2 + at];
        a3 = a[row3 + at];
      }
      let k = 4u * k4 + term;
      w0 = load_weight(w_at + min(k, 4u * last + 3u) * PANEL);
      w1 = load_weight(w_at + min(k + TY / 2u, 4u * last + 3u) * PANEL);
      if (TY == 8u) {
        w2 = load_weight(w_at + min(k + TY, 4u * last + 3u) * PANEL);
        w3 = load_weight(w_at + min(k + 3u * TY / 2u, 4u * last + 3u) * PANEL);
      }
    }
    // What is added up was stored in the round before.
    if (k4 > 0u) { add_step(&sums, half ^ 1u, min(STEP4, params.inner4 + STEP4 - k4), square); }
    if (more) {
      if (fetches) { store_left(half, quad, term4, transpose(mat4x4f(a0, a1, a2, a3))); }
      store_term(half, term, column, w0);
      store_term(half, term + TY / 2u, column, w1);
      if (TY == 8u) {
        store_term(half, term + TY, column, w2);
        store_term(half, term + 3u * TY / 2u, column, w3);
      }
    }
    workgroupBarrier();
    half ^= 1u;
  }

  let left_column = first + square.x;
  let right_column = left_column + TX;
  let left_bias = bias_of(job, left_column);
  let right_bias = bias_of(job, right_column);
  for (var r = 0u; r < 8u; r++) {
    let row = top + 8u * square.y + r;
    let place = place_of(job, row);
    finish(job, row, left_column, left_bias, place, sum_at(&sums, 2u * r));
    finish(job, row, right_column, right_bias, place, sum_at(&sums, 2u * r + 1u));
  }
}

// One term of four columns.
fn store_term(half: u32, term: u32, quad: u32, weights: vec4f) {
  right[(half * TERMS + term) * 2u * TX + place_of_quad(quad, term / 4u)] = weights;
}
