import java.io.*;
import java.nio.file.*;
import java.util.zip.*;

class Unzip {
    void bad(ZipInputStream in, File folder) throws IOException {
        ZipEntry entry = in.getNextEntry();
        File target = new File(folder, entry.getName());
        // ruleid: java-archive-entry-path
        new FileOutputStream(target);
    }

    void good(ZipInputStream in, Path folder) throws IOException {
        ZipEntry entry = in.getNextEntry();
        Path target = folder.resolve(entry.getName()).normalize();
        if (!target.startsWith(folder)) {
            throw new IOException("outside");
        }
        // ok: java-archive-entry-path
        Files.copy(in, target);
        // ok: java-archive-entry-path
        Files.copy(in, folder.resolve("fixed.txt"));
    }
}
