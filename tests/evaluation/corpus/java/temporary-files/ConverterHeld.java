package com.northwind.converter;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

public class ConverterHeld {
    private static final Path WORK = Path.of("/var/lib/converter/work");

    // case: vulnerable (name is the clock's, in a folder for everybody)
    public File receive(InputStream upload) throws IOException {
        File file = new File(System.getProperty("java.io.tmpdir"), "upload-" + System.currentTimeMillis() + ".pdf");
        try (FileOutputStream out = new FileOutputStream(file)) {
            upload.transferTo(out);
        }
        return file;
    }

    // case: safe (unguessable and made for us alone)
    public Path accept(InputStream upload) throws IOException {
        Path file = Files.createTempFile("upload", ".pdf");
        Files.copy(upload, file, StandardCopyOption.REPLACE_EXISTING);
        return file;
    }

    // case: vulnerable (made readable and writable for everybody)
    public File share(byte[] page) throws IOException {
        File file = File.createTempFile("page", ".png");
        file.setReadable(true, false);
        file.setWritable(true, false);
        Files.write(file.toPath(), page);
        return file;
    }

    // case: safe (a folder of the service, not one for everybody)
    public Path stage(byte[] page) throws IOException {
        Path file = Files.createTempFile(WORK, "page", ".png");
        return Files.write(file, page);
    }

    // case: vulnerable (Guava's folder may be read by all users)
    @SuppressWarnings("deprecation")
    public File batch() {
        return com.google.common.io.Files.createTempDir();
    }

    // case: safe (a folder for us alone, gone with the program)
    public Path scratch() throws IOException {
        Path folder = Files.createTempDirectory("scratch");
        folder.toFile().deleteOnExit();
        return folder;
    }
}
