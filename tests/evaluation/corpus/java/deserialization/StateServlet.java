package com.northwind.state;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.parser.ParserConfig;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.gson.Gson;
import com.thoughtworks.xstream.XStream;
import com.thoughtworks.xstream.security.AnyTypePermission;
import com.thoughtworks.xstream.security.NoTypePermission;
import java.beans.XMLDecoder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import javax.crypto.Mac;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.commons.io.serialization.ValidatingObjectInputStream;

public class StateServlet extends HttpServlet {

    static class Cart implements java.io.Serializable {
        String owner;
        int items;
    }

    // case: vulnerable
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try (ObjectInputStream in = new ObjectInputStream(request.getInputStream())) {
            Cart cart = (Cart) in.readObject();
            response.getWriter().print(cart.items);
        } catch (ClassNotFoundException error) {
            response.sendError(400);
        }
    }

    // case: safe (a filter allows one class and refuses all others)
    void merge(HttpServletRequest request) throws Exception {
        ObjectInputStream in = new ObjectInputStream(request.getInputStream());
        String allowed = "com.northwind.state.StateServlet$Cart;java.lang.String;!*";
        in.setObjectInputFilter(ObjectInputFilter.Config.createFilter(allowed));
        Cart cart = (Cart) in.readObject();
        log("cart of " + cart.items);
    }

    // case: vulnerable (cookie, Base64)
    void restore(HttpServletRequest request) throws Exception {
        byte[] state = null;
        for (Cookie cookie : request.getCookies()) {
            if (cookie.getName().equals("state")) {
                state = Base64.getDecoder().decode(cookie.getValue());
            }
        }
        InputStream bytes = new ByteArrayInputStream(state);
        Object restored = new ObjectInputStream(bytes).readUnshared();
        log(String.valueOf(restored.hashCode()));
    }

    // case: safe (JSON into a fixed class)
    void update(HttpServletRequest request) throws IOException {
        Cart cart = new ObjectMapper().readValue(request.getInputStream(), Cart.class);
        log("cart of " + cart.items);
    }

    // case: vulnerable (XML of any class)
    void load(HttpServletRequest request) throws IOException {
        XStream xstream = new XStream();
        xstream.addPermission(AnyTypePermission.ANY);
        Cart cart = (Cart) xstream.fromXML(request.getReader());
        log("cart of " + cart.items);
    }

    // case: safe (nothing but one class is allowed)
    void fetch(HttpServletRequest request) throws IOException {
        XStream xstream = new XStream();
        xstream.addPermission(NoTypePermission.NONE);
        xstream.allowTypes(new Class<?>[] {Cart.class, String.class});
        Cart cart = (Cart) xstream.fromXML(request.getReader());
        log("cart of " + cart.items);
    }

    // case: vulnerable (the bean decoder calls methods)
    void beans(HttpServletRequest request) {
        String xml = request.getParameter("bean");
        XMLDecoder decoder = new XMLDecoder(new ByteArrayInputStream(xml.getBytes()));
        Object bean = decoder.readObject();
        log(bean.toString());
    }

    // case: safe (classes are checked when they are resolved)
    void reload(HttpServletRequest request) throws Exception {
        try (ObjectInputStream in = new CartInputStream(request.getInputStream())) {
            log("cart of " + ((Cart) in.readObject()).items);
        }
    }

    private static class CartInputStream extends ObjectInputStream {
        private static final Set<String> ALLOWED = Set.of(Cart.class.getName());

        CartInputStream(InputStream in) throws IOException {
            super(in);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            if (!ALLOWED.contains(description.getName())) {
                throw new InvalidClassException("not allowed", description.getName());
            }
            return super.resolveClass(description);
        }
    }

    // case: vulnerable (type names in the JSON are obeyed)
    void fast(HttpServletRequest request) {
        ParserConfig.getGlobalInstance().setAutoTypeSupport(true);
        Object parsed = JSON.parse(request.getParameter("json"));
        log(parsed.getClass().getSimpleName());
    }

    // case: safe (bytes come out of our own jar)
    void defaults() throws Exception {
        try (InputStream in = StateServlet.class.getResourceAsStream("/defaults.ser");
                ObjectInputStream objects = new ObjectInputStream(in)) {
            Cart cart = (Cart) objects.readObject();
            log("defaults hold " + cart.items);
        }
    }

    // case: safe (commons-io stream with one accepted class)
    void reopen(HttpServletRequest request) throws Exception {
        ValidatingObjectInputStream in = new ValidatingObjectInputStream(request.getInputStream());
        in.accept(Cart.class);
        Cart cart = (Cart) in.readObject();
        log("cart of " + cart.items);
    }

    // case: safe (the signature is compared before anything is read)
    void handover(HttpServletRequest request, Mac mac) throws Exception {
        byte[] raw = Base64.getDecoder().decode(request.getHeader("X-State"));
        byte[] body = Arrays.copyOfRange(raw, 32, raw.length);
        if (!MessageDigest.isEqual(mac.doFinal(body), Arrays.copyOf(raw, 32))) {
            throw new SecurityException("signature does not match");
        }
        Cart cart = (Cart) new ObjectInputStream(new ByteArrayInputStream(body)).readObject();
        log("cart of " + cart.items);
    }

    // case: safe (Gson builds the class that it is given)
    void draft(HttpServletRequest request) throws IOException {
        Cart cart = new Gson().fromJson(request.getReader(), Cart.class);
        log("cart of " + cart.items);
    }

    // case: vulnerable (read first, checked afterwards)
    void cast(HttpServletRequest request) throws Exception {
        ObjectInputStream in = new ObjectInputStream(request.getPart("cart").getInputStream());
        Object any = in.readObject();
        if (!(any instanceof Cart)) {
            throw new InvalidClassException("a cart was expected");
        }
    }
}
