import java.io.*;

class Store {
    Object load(byte[] bytes) throws Exception {
        // ruleid: java-unsafe-deserialization
        return new ObjectInputStream(new ByteArrayInputStream(bytes)).readObject();
    }

    Object own(String name) throws Exception {
        // ok: java-unsafe-deserialization
        return new ObjectInputStream(new FileInputStream(name)).readObject();
    }

    Object filtered(InputStream in) throws Exception {
        // ok: java-unsafe-deserialization
        return new ValidatingObjectInputStream(in).accept(Store.class).readObject();
    }
}
