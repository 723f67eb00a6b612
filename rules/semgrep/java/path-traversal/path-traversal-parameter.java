import java.io.*;
import java.nio.file.*;

class Folder {
    File in(File folder, String name) {
        // ruleid: java-path-traversal-parameter
        return new File(folder, name);
    }

    File last(File folder, String name) {
        // ok: java-path-traversal-parameter
        return new File(folder, new File(name).getName());
    }
}
