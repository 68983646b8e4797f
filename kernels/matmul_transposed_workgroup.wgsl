// out_j[r, k] (+)= sum over c of dy_j[r, c] W[k, c] for a list of jobs j, as matmul_transposed.wgsl, to the same bits
//
// Tile through workgroup memory, as matmul_workgroup.wgsl: GROUPS * ROWS rows by 4 LANES columns k, in steps of STEP4
// vec4s over c. Neighbouring invocations load neighbouring pieces of dy and of the rows of W. An invocation takes four
// rows of W, which lie PANEL vec4s apart in workgroup memory: all lanes read side by side. It transposes them in
// registers.
// Workgroup memory: 16 STEP4 (GROUPS * ROWS + 4 LANES) bytes, 12 KB with ROWS = 8 (the most that `sum` holds).
// Shapes and jobs: shared/transposed_job.wgsl.
// Grid: x covers inner4 in tiles of LANES, y covers rows in tiles of GROUPS * ROWS, z = jobs.
// Cost: 2 * rows * 4 inner4 * 4 (end - first) FLOPs a job. Checked by test/gpu/kernels.test.ts (matmul_transposed).
//#include transposed_job
override ROWS: u32;
const GROUPS = 8u;
const LANES = 32u;
const STEP4 = 4u;
const INVOCATIONS = GROUPS * LANES;
var<workgroup> dy_step: array<vec4f, GROUPS * ROWS * STEP4>; // [row, vec4 of c]
var<workgroup> w_step: array<vec4f, 4u * STEP4 * LANES>; // [vec4 of c, k % 4, k / 4]

@compute @workgroup_size(INVOCATIONS)
fn matmul_transposed_workgroup(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) index: u32) {
  let job = job_at(wid.z);
  let first = LANES * wid.x;
  let top = GROUPS * ROWS * wid.y;
  let lane = index % LANES;
  let own = (index / LANES) * ROWS;
  var sum: array<vec4f, 8>;
  var steps = 0u;
  for (var column = job.first; column < job.end; column += steps) {
    // A step ends with its panel, or with the job: multiply-adds with 0 would turn a sum of -0 into +0.
    steps = min(min(STEP4, job.end - column), PANEL - column % PANEL);
    for (var i = index; i < GROUPS * ROWS * STEP4; i += INVOCATIONS) {
      if (i % STEP4 < steps) { dy_step[i] = dy[dy_row_at(job, top + i / STEP4) + column + i % STEP4]; }
    }
    for (var i = index; i < 4u * LANES * STEP4; i += INVOCATIONS) {
      let k = i / STEP4;
      let c = i % STEP4;
      if (c < steps) {
        w_step[(4u * c + k % 4u) * LANES + k / 4u] =
          load_weight(weight_at(min(4u * first + k, 4u * params.inner4 - 1u), column) + c);
      }
    }
    workgroupBarrier();
    for (var c = 0u; c < steps; c++) {
      let at = 4u * c * LANES + lane;
      let w = transpose(mat4x4f(w_step[at], w_step[at + LANES], w_step[at + 2u * LANES], w_step[at + 3u * LANES]));
      for (var r = 0u; r < ROWS; r++) {
        sum[r] = multiply_add(sum[r], dy_step[(own + r) * STEP4 + c], w[0], w[1], w[2], w[3]);
      }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < ROWS; r++) { finish(job, top + own + r, first + lane, sum[r]); }
}
