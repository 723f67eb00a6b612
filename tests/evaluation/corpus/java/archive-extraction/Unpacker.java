package com.northwind.archives;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

public class Unpacker {

    // case: vulnerable
    public void unpack(InputStream upload, File folder) throws IOException {
        ZipInputStream zip = new ZipInputStream(upload);
        ZipEntry entry;
        while ((entry = zip.getNextEntry()) != null) {
            File target = new File(folder, entry.getName());
            target.getParentFile().mkdirs();
            try (OutputStream out = new FileOutputStream(target)) {
                zip.transferTo(out);
            }
        }
    }

    // case: safe (an entry that leaves the folder is refused)
    public void extract(InputStream upload, Path folder) throws IOException {
        Path root = folder.toAbsolutePath().normalize();
        ZipInputStream zip = new ZipInputStream(upload);
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            Path target = root.resolve(entry.getName()).normalize();
            if (!target.startsWith(root)) {
                throw new IOException("entry leaves the folder");
            }
            if (!entry.isDirectory()) {
                Files.createDirectories(target.getParent());
                Files.copy(zip, target);
            }
        }
    }

    // case: vulnerable (the check writes a line and goes on)
    public void restore(ZipFile zip, Path folder) throws IOException {
        Enumeration<? extends ZipEntry> entries = zip.entries();
        while (entries.hasMoreElements()) {
            ZipEntry entry = entries.nextElement();
            if (entry.getName().contains("..")) {
                System.err.println("an entry looks odd");
            }
            Files.copy(zip.getInputStream(entry), folder.resolve(entry.getName()));
        }
    }

    // case: safe (names are only listed)
    public List<String> names(InputStream upload) throws IOException {
        List<String> names = new ArrayList<>();
        ZipInputStream zip = new ZipInputStream(upload);
        ZipEntry entry;
        while ((entry = zip.getNextEntry()) != null) {
            names.add(entry.getName());
        }
        return names;
    }

    // case: safe (files are numbered, the entry's name is not used)
    public void pages(InputStream upload, Path folder) throws IOException {
        ZipInputStream zip = new ZipInputStream(upload);
        int number = 0;
        while (zip.getNextEntry() != null) {
            Files.copy(zip, folder.resolve(String.format("page-%03d.png", number++)));
        }
    }
}
