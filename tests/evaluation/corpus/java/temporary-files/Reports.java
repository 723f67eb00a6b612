package com.northwind.reports;

import java.io.File;
import java.io.FileWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

public class Reports {

    // case: vulnerable (everybody knows the name beforehand)
    public File payroll(String text) throws IOException {
        File file = new File("/tmp/payroll-report.csv");
        try (FileWriter writer = new FileWriter(file)) {
            writer.write(text);
        }
        return file;
    }

    // case: safe (unguessable name, for the owner only)
    public Path salary(String text) throws IOException {
        Path file = Files.createTempFile("salary", ".csv");
        return Files.writeString(file, text);
    }

    // case: vulnerable (between delete and mkdir somebody else may come)
    public File folder() throws IOException {
        File folder = File.createTempFile("export", "");
        if (!folder.delete() || !folder.mkdir()) {
            throw new IOException("no folder");
        }
        return folder;
    }

    // case: safe (made in one step)
    public Path directory() throws IOException {
        return Files.createTempDirectory("export");
    }

    // case: safe (permissions are named)
    public Path keys(byte[] keys) throws IOException {
        Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rw-------");
        FileAttribute<Set<PosixFilePermission>> attribute = PosixFilePermissions.asFileAttribute(owner);
        return Files.write(Files.createTempFile(Paths.get("/tmp"), "keys", ".bin", attribute), keys);
    }
}
