import java.io.*;
import java.nio.file.*;

class Reports {
    void write(String user) throws IOException {
        // ruleid: java-predictable-temporary-file
        new FileWriter("/tmp/report.csv");
        // ruleid: java-predictable-temporary-file
        File file = new File(System.getProperty("java.io.tmpdir"), "report.csv");
        // ruleid: java-predictable-temporary-file
        file.setReadable(true, false);
        // ok: java-predictable-temporary-file
        Path good = Files.createTempFile("report", ".csv");
        // ok: java-predictable-temporary-file
        new FileWriter("/srv/reports/report.csv");
        // ok: java-predictable-temporary-file
        new File(System.getProperty("java.io.tmpdir"), java.util.UUID.randomUUID() + ".csv");
    }

    void folder() throws IOException {
        File folder = File.createTempFile("export", "");
        folder.delete();
        // ruleid: java-predictable-temporary-file
        folder.mkdir();
    }
}
