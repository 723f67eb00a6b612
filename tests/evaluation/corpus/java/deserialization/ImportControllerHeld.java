package com.northwind.imports;

import com.caucho.hessian.io.HessianInput;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.BasicPolymorphicTypeValidator;
import com.fasterxml.jackson.databind.jsontype.impl.LaissezFaireSubTypeValidator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Base64;
import java.util.Map;
import org.apache.commons.lang3.SerializationUtils;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.Constructor;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Runs with snakeyaml 1.33. */
@RestController
public class ImportControllerHeld {

    static class Order implements java.io.Serializable {
        public String id;
        public Object payload;
    }

    // case: vulnerable
    @PostMapping("/import/java")
    public String java(@RequestParam MultipartFile file) throws Exception {
        ObjectInputStream objects = new ObjectInputStream(file.getInputStream());
        Order order = (Order) objects.readObject();
        return order.id;
    }

    // case: vulnerable (tags of the document name classes)
    @PostMapping("/import/yaml")
    public int yaml(@RequestBody String document) {
        Yaml yaml = new Yaml(new Constructor());
        Map<String, Object> map = yaml.load(document);
        return map.size();
    }

    // case: safe (plain types only)
    @PostMapping("/import/yaml2")
    public int yaml2(@RequestBody String document) {
        Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
        Map<String, Object> map = yaml.load(document);
        return map.size();
    }

    // case: vulnerable (class names in JSON with a validator that allows all)
    @PostMapping("/import/json")
    public String json(@RequestBody String body) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        mapper.activateDefaultTyping(LaissezFaireSubTypeValidator.instance, ObjectMapper.DefaultTyping.NON_FINAL);
        return mapper.readValue(body, Order.class).id;
    }

    // case: safe (class names of our own package only)
    @PostMapping("/import/json2")
    public String json2(@RequestBody String body) throws IOException {
        BasicPolymorphicTypeValidator ours =
                BasicPolymorphicTypeValidator.builder().allowIfSubType("com.northwind.imports.").build();
        ObjectMapper mapper = JsonMapper.builder().activateDefaultTyping(ours).build();
        return mapper.readValue(body, Order.class).id;
    }

    // case: safe (logical names, not classes)
    @PostMapping("/import/shape")
    public double shape(@RequestBody String body) throws IOException {
        return new ObjectMapper().readValue(body, Shape.class).area();
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({@JsonSubTypes.Type(value = Square.class, name = "square")})
    interface Shape {
        double area();
    }

    static class Square implements Shape {
        public double side;

        @Override
        public double area() {
            return side * side;
        }
    }

    // case: vulnerable (commons-lang helper, header)
    @PostMapping("/resume")
    public String resume(@RequestHeader("X-Resume") String token) {
        byte[] raw = Base64.getUrlDecoder().decode(token);
        Order order = SerializationUtils.deserialize(raw);
        return order.id;
    }

    // case: safe (what is read was written two lines before)
    @PostMapping("/copy")
    public String copy(@RequestBody Order order) throws Exception {
        String id = order.id;
        ByteArrayOutputStream buffer = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(buffer)) {
            out.writeObject(id);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(buffer.toByteArray()))) {
            return (String) in.readObject();
        }
    }

    // case: vulnerable (any class may be named when registration is off)
    @PostMapping("/import/kryo")
    public String kryo(@RequestBody byte[] body) {
        Kryo kryo = new Kryo();
        kryo.setRegistrationRequired(false);
        Object any = kryo.readClassAndObject(new Input(body));
        return any.getClass().getName();
    }

    // case: safe (only registered classes)
    @PostMapping("/import/kryo2")
    public String kryo2(@RequestBody byte[] body) {
        Kryo kryo = new Kryo();
        kryo.setRegistrationRequired(true);
        kryo.register(String.class);
        return kryo.readObject(new Input(body), String.class);
    }

    // case: vulnerable (Hessian without a list of classes, sink in a helper)
    @PostMapping("/import/hessian")
    public String hessian(@CookieValue("draft") String draft) throws IOException {
        return String.valueOf(open(Base64.getDecoder().decode(draft)));
    }

    private Object open(byte[] bytes) throws IOException {
        HessianInput input = new HessianInput(new ByteArrayInputStream(bytes));
        return input.readObject();
    }

    // case: safe (a text is parsed as JSON tree, no classes involved)
    @PostMapping("/import/tree")
    public String tree(@RequestBody String body) throws IOException {
        return new ObjectMapper().readTree(body).path("id").asText();
    }
}
