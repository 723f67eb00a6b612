const tar = require("tar");

async function unpack(file, folder) {
  // ruleid: javascript-archive-paths-preserved
  await tar.x({ file, cwd: folder, preservePaths: true });
  // ok: javascript-archive-paths-preserved
  await tar.x({ file, cwd: folder, strip: 1 });
  // ok: javascript-archive-paths-preserved
  await tar.x({ file, cwd: folder, preservePaths: false });
}

module.exports = { unpack };
