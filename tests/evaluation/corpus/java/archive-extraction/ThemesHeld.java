package com.northwind.themes;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.io.FilenameUtils;
import org.springframework.web.multipart.MultipartFile;

public class ThemesHeld {
    private final Path themes = Paths.get("/srv/themes");

    // case: vulnerable (tar)
    public void install(MultipartFile file) throws IOException {
        TarArchiveInputStream tar = new TarArchiveInputStream(file.getInputStream());
        TarArchiveEntry entry;
        while ((entry = tar.getNextTarEntry()) != null) {
            if (entry.isFile()) {
                Path target = themes.resolve(entry.getName());
                Files.createDirectories(target.getParent());
                Files.copy(tar, target);
            }
        }
    }

    // case: safe (last part of the name only)
    public void fonts(MultipartFile file) throws IOException {
        ZipInputStream zip = new ZipInputStream(file.getInputStream());
        ZipEntry entry;
        while ((entry = zip.getNextEntry()) != null) {
            String name = FilenameUtils.getName(entry.getName());
            if (!name.isEmpty() && !name.equals("..")) {
                Files.copy(zip, themes.resolve("fonts").resolve(name));
            }
        }
    }

    // case: vulnerable (jar, sink in a helper)
    public void plugin(InputStream upload) throws IOException {
        JarInputStream jar = new JarInputStream(upload);
        JarEntry entry;
        while ((entry = jar.getNextJarEntry()) != null) {
            write(jar, "/srv/plugins" + File.separator + entry.getName());
        }
    }

    private static void write(InputStream in, String path) throws IOException {
        try (OutputStream out = new BufferedOutputStream(new FileOutputStream(path))) {
            in.transferTo(out);
        }
    }

    // case: safe (canonical path is compared with the folder and its separator)
    public void images(InputStream upload, File folder) throws IOException {
        ZipInputStream zip = new ZipInputStream(upload);
        ZipEntry entry;
        while ((entry = zip.getNextEntry()) != null) {
            File target = new File(folder, entry.getName());
            if (!target.getCanonicalPath().startsWith(folder.getCanonicalPath() + File.separator)) {
                throw new IOException("entry leaves the folder");
            }
            Files.copy(zip, target.toPath());
        }
    }
}
