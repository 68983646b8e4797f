// One column of a matrix [4 * width4, columns] that lies in panels of PANEL vec4 columns (see matmul.wgsl), four rows
// at a time: rows 4 row4 .. 4 row4 + 3 of column `column`, counted from the first column of the bound chunk.
//#include weight
const PANEL = 32u;

fn load_column(column: u32, row4: u32, width4: u32) -> vec4f {
  let panel = column / (4u * PANEL);
  let at = (panel * 4u * width4 + 4u * row4) * PANEL + (column / 4u) % PANEL;
  let part = column % 4u;
  return vec4f(
    load_weight(at)[part],
    load_weight(at + PANEL)[part],
    load_weight(at + 2u * PANEL)[part],
    load_weight(at + 3u * PANEL)[part],
  );
}
